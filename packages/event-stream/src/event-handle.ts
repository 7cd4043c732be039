import type { Admission, AdmissionTable } from './admission.ts';
import { checkSeverity } from './definitions.ts';
import type { DictionaryWriter } from './dictionary.ts';
import { CATEGORIES, type EventDefinition, type EventHandle, type TextEvent } from './event-types.ts';
import {
  CONTEXT,
  DETAIL,
  KIND,
  packKind,
  packLabels,
  SIGNATURE,
  signatureOf,
  TEXT_HIGH,
  TEXT_LOW,
  TIME,
  VALUE,
  withText,
} from './layout.ts';
import type { RingWriter } from './ring-writer.ts';

/** What all handles of a stream share. */
export interface HandleContext {
  readonly writer: RingWriter;
  readonly admissions: AdmissionTable;
  readonly dictionary: DictionaryWriter;
}

/** What tells one handle from another. */
export interface HandleBinding {
  readonly definition: EventDefinition;
  /** Number of the event type in this thread's ring. */
  readonly type: number;
  readonly severity: number;
  /** Name ids of the two labels. */
  readonly labels: readonly [number, number];
}

const TWO_TO_32 = 2 ** 32;

// V8 turns a module's own constants into immediates, imported ones not: these copies are worth a third of an emit.
const TIME_AT = TIME;
const VALUE_AT = VALUE;
const DETAIL_AT = DETAIL;
const CONTEXT_AT = CONTEXT;
const SIGNATURE_AT = SIGNATURE;

/** Writes events of one type, with their labels and severity bound, to this thread's ring. */
export class RingEventHandle implements EventHandle {
  readonly definition: EventDefinition;
  readonly #shared: HandleContext;
  readonly #binding: HandleBinding;
  readonly #writer: RingWriter;
  readonly #admission: Admission;
  readonly #kind: number;
  readonly #signature: number;

  constructor(shared: HandleContext, binding: HandleBinding) {
    const { definition, severity } = binding;
    const category = CATEGORIES.indexOf(definition.category);
    this.definition = definition;
    this.#shared = shared;
    this.#binding = binding;
    this.#writer = shared.writer;
    this.#admission = shared.admissions.of(category, severity);
    this.#kind = packKind(binding.type, severity, category);
    this.#signature = signatureOf(this.#kind, packLabels(...binding.labels));
  }

  get enabled(): boolean {
    return this.#admission.isEnabled;
  }

  /** What is left out is NaN, so that V8 meets nothing but numbers: one undefined would cost all events 3 ns. */
  emit(
    timeMs: number = Number.NaN,
    value: number = Number.NaN,
    detail: number = Number.NaN,
    context: number = 0,
  ): void {
    try {
      const writer = this.#writer;
      if (this.#admission.isPlain && writer.isReady(timeMs)) {
        const { numbers, next } = writer;
        numbers[next + TIME_AT] = timeMs;
        numbers[next + VALUE_AT] = value;
        numbers[next + DETAIL_AT] = detail;
        numbers[next + CONTEXT_AT] = context;
        numbers[next + SIGNATURE_AT] = this.#signature;
        writer.commit();
      } else {
        this.#emitWithCare(timeMs, value, detail, context);
      }
    } catch {
      // A value that is no number (a bigint, a symbol): the record was not committed, so it is no event.
      this.#writer.countDropped();
    }
  }

  emitText(event: TextEvent): void {
    const admission = this.#admission;
    if (admission.isPlain || admission.admit()) {
      this.#writeText(event);
      if (admission.isUrgent) this.#writer.publish();
    }
  }

  bind(labels: { readonly [key: string]: string }, severity: number = this.#binding.severity): EventHandle {
    checkSeverity(this.definition.name, severity);
    const keys = this.definition.labels?.map((label) => label.key) ?? [];
    const ids: [number, number] = [...this.#binding.labels];
    for (const [key, value] of Object.entries(labels)) {
      const position = keys.indexOf(key);
      if (position < 0) {
        throw new TypeError(
          `event stream: labels of ${this.definition.name} must be among [${keys.join(', ')}], got ${JSON.stringify(key)}`,
        );
      }
      ids[position] = this.#shared.dictionary.name(typeof value === 'string' ? value : String(value));
    }
    return new RingEventHandle(this.#shared, { ...this.#binding, severity, labels: ids });
  }

  /** All that is rare in one place; nothing is left to do after it, which keeps `emit` in the registers. */
  #emitWithCare(timeMs: number, value: number, detail: number, context: number): void {
    const admission = this.#admission;
    if (!admission.isPlain && !admission.admit()) {
      return;
    }
    const writer = this.#writer;
    if (writer.begin(timeMs)) {
      const { numbers, next } = writer;
      numbers[next + VALUE_AT] = value;
      numbers[next + DETAIL_AT] = detail;
      numbers[next + CONTEXT_AT] = context;
      numbers[next + SIGNATURE_AT] = this.#signature;
      writer.commit();
      if (admission.isUrgent) writer.publish();
    }
  }

  #writeText(event: TextEvent): void {
    try {
      const { text, timeMs = Number.NaN, value = Number.NaN, detail = Number.NaN, context = 0 } = event;
      const writer = this.#writer;
      if (writer.begin(timeMs)) {
        const { position, length } = writer.texts.write(text);
        const { numbers, words, next: record } = writer;
        numbers[record + VALUE] = value;
        numbers[record + DETAIL] = detail;
        numbers[record + CONTEXT] = context;
        numbers[record + SIGNATURE] = this.#signature;
        words[2 * record + KIND] = length > 0 ? withText(this.#kind) : this.#kind;
        words[2 * record + TEXT_LOW] = position | 0;
        words[2 * record + TEXT_HIGH] = ((position / TWO_TO_32) << 16) | length;
        writer.commit();
      }
    } catch {
      this.#writer.countDropped();
    }
  }
}
