import { CATEGORIES, type EventDefinition, type FieldDefinition } from './event-types.ts';

/** Dotted lower-case names as semantic conventions have them; leaves no room for `__proto__` and control characters. */
const NAME = /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$/;
const MAX_LABELS = 2;

/** A frozen copy with nothing but the known fields. @throws TypeError that names what is wrong */
export function checkDefinition(definition: EventDefinition): EventDefinition {
  if (typeof definition !== 'object' || definition === null) {
    throw new TypeError(`event stream: a definition must be an object, got ${String(definition)}`);
  }
  const { name, category, severity, description, value, detail, labels, text } = definition;
  checkName('event name', name);
  if (!CATEGORIES.includes(category)) {
    throw new TypeError(
      `event stream: category of ${name} must be one of ${CATEGORIES.join(', ')}, got ${String(category)}`,
    );
  }
  checkSeverity(name, severity);
  if (labels !== undefined && (!Array.isArray(labels) || labels.length > MAX_LABELS)) {
    throw new TypeError(`event stream: labels of ${name} must be a list of at most ${MAX_LABELS}`);
  }
  return Object.freeze({
    name,
    category,
    severity,
    description: String(description),
    ...(value && { value: copyField(value) }),
    ...(detail && { detail: copyField(detail) }),
    ...(labels && { labels: Object.freeze(labels.map(copyField)) }),
    ...(text && { text: copyField(text) }),
  });
}

/** @throws TypeError when it is no severity number of OpenTelemetry */
export function checkSeverity(name: string, severity: number): void {
  if (!(Number.isInteger(severity) && severity >= 1 && severity <= 24)) {
    throw new TypeError(`event stream: severity of ${name} must be an integer from 1 to 24, got ${String(severity)}`);
  }
}

function copyField(field: FieldDefinition): FieldDefinition {
  checkName('field key', field.key);
  return Object.freeze({
    key: field.key,
    ...(field.unit !== undefined && { unit: String(field.unit) }),
    description: String(field.description),
  });
}

function checkName(what: string, name: string): void {
  if (typeof name !== 'string' || name.length > 255 || !NAME.test(name)) {
    throw new TypeError(
      `event stream: ${what} must be dotted lower-case words of at most 255 characters, got ${JSON.stringify(name)}`,
    );
  }
}

/** Whether records of the two look the same to readers; descriptions may differ. */
function hasSameShape(a: EventDefinition, b: EventDefinition): boolean {
  return shapeOf(a) === shapeOf(b);
}

function shapeOf({ category, severity, value, detail, labels, text }: EventDefinition): string {
  const fields = [value, detail, text].map((field) => field && [field.key, field.unit ?? '']);
  return JSON.stringify([category, severity, fields, labels?.map((label) => label.key) ?? []]);
}

/** The event types that one stream knows, its own and those met in other threads' rings, numbered as they come. */
export class DefinitionRegistry {
  readonly #definitions: EventDefinition[] = [];
  readonly #numbers = new Map<string, number>();

  get definitions(): readonly EventDefinition[] {
    return this.#definitions;
  }

  /** The number of an event type of another thread, registered under its name when it is new. */
  numberOf(definition: EventDefinition): number {
    let number = this.#numbers.get(definition.name);
    if (number === undefined) {
      number = this.#definitions.push(definition) - 1;
      this.#numbers.set(definition.name, number);
    }
    return number;
  }

  /** @throws TypeError when the name is known with another shape */
  checkShape(definition: EventDefinition): void {
    const number = this.#numbers.get(definition.name);
    const known = number === undefined ? undefined : this.#definitions[number];
    if (known !== undefined && !hasSameShape(known, definition)) {
      throw new TypeError(
        `event stream: event ${definition.name} must keep the shape it was defined with: ${shapeOf(known)}, got ${shapeOf(definition)}`,
      );
    }
  }
}
