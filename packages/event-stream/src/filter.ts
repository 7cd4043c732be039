import { CATEGORIES, type EventDefinition, type EventFilter } from './event-types.ts';
import type { QueryFilter } from './query-types.ts';

/** A threshold that no severity reaches. */
export const REJECT = 255;

/** A filter with its lists as sets. */
export interface CompiledFilter {
  acceptsRing(threadId: number, pid: number): boolean;
  /** The lowest severity at which events of this type pass, or REJECT. */
  threshold(definition: EventDefinition, type: number): number;
}

/** Prepares filters, all of which must hold, for use on raw records. */
export function compileFilters(filters: readonly EventFilter[]): CompiledFilter {
  const tests = filters.map((filter) => ({
    severity: filter.severity ?? 0,
    category: setOf(filter.category),
    name: setOf(filter.name),
    type: setOf(filter.type),
    threadId: setOf(filter.threadId),
    pid: setOf(filter.pid),
  }));
  const severity = Math.min(Math.max(0, ...tests.map((test) => test.severity)), REJECT);
  return {
    acceptsRing: (threadId, pid) => tests.every((test) => has(test.threadId, threadId) && has(test.pid, pid)),
    threshold: (definition, type) => {
      const accepts = tests.every(
        (test) => has(test.category, definition.category) && has(test.name, definition.name) && has(test.type, type),
      );
      return accepts ? severity : REJECT;
    },
  };
}

function setOf<T>(wanted: T | readonly T[] | undefined): ReadonlySet<T> | undefined {
  if (wanted === undefined) {
    return undefined;
  }
  return new Set(Array.isArray(wanted) ? (wanted as readonly T[]) : [wanted as T]);
}

function has<T>(set: ReadonlySet<T> | undefined, value: T): boolean {
  return set === undefined || set.has(value);
}

interface Rule {
  readonly says: string;
  readonly isList: boolean;
  holds(value: unknown): boolean;
}

const isNumber = (value: unknown): boolean => typeof value === 'number' && !Number.isNaN(value);
const NUMBER: Rule = { says: 'a number', isList: false, holds: isNumber };
const NUMBERS: Rule = { ...NUMBER, isList: true };
const RULES: Readonly<Record<keyof EventFilter, Rule>> = {
  severity: NUMBER,
  category: {
    says: `one of ${CATEGORIES.join(', ')}`,
    isList: true,
    holds: (value) => (CATEGORIES as readonly unknown[]).includes(value),
  },
  name: { says: 'an event name', isList: true, holds: (value) => typeof value === 'string' },
  type: NUMBERS,
  threadId: NUMBERS,
  pid: NUMBERS,
};
const QUERY_RULES: Readonly<Record<keyof QueryFilter, Rule>> = {
  ...RULES,
  since: NUMBER,
  until: NUMBER,
  traceId: { says: 'a trace id', isList: false, holds: (value) => typeof value === 'string' },
};

/** Refuses what would match everything or nothing by mistake. @throws TypeError naming field, rule and value */
export function checkFilter(filter: EventFilter): void {
  check(filter, RULES);
}

/** As `checkFilter`, with the fields of a query. @throws TypeError */
export function checkQueryFilter(filter: QueryFilter): void {
  check(filter, QUERY_RULES);
}

/** @throws TypeError for anything but an array of numbers from 0 to 1 */
export function checkQuantiles(quantiles: unknown): void {
  const rule = 'event stream: quantiles must be an array of numbers from 0 to 1';
  if (!Array.isArray(quantiles)) throw new TypeError(`${rule}, got ${show(quantiles)}`);
  const wrong = quantiles.findIndex((quantile) => !(typeof quantile === 'number' && quantile >= 0 && quantile <= 1));
  if (wrong !== -1) throw new TypeError(`${rule}, got ${show(quantiles[wrong])}`);
}

function check(filter: unknown, rules: Readonly<Record<string, Rule>>): void {
  if (typeof filter !== 'object' || filter === null || Array.isArray(filter)) {
    throw new TypeError(`event stream: filter must be an object, got ${show(filter)}`);
  }
  for (const [key, value] of Object.entries(filter)) {
    const rule = Object.hasOwn(rules, key) ? rules[key] : undefined;
    if (rule === undefined) {
      const known = Object.keys(rules).join(', ');
      throw new TypeError(`event stream: filter: ${show(key)} is not a field of it; there are ${known}`);
    }
    if (value !== undefined) checkField(key, value, rule);
  }
}

function checkField(key: string, value: unknown, { says, isList, holds }: Rule): void {
  const values: readonly unknown[] = isList && Array.isArray(value) ? value : [value];
  if (values.every(holds)) return;
  const rule = isList ? `${says}, or an array of such` : says;
  throw new TypeError(`event stream: filter.${key} must be ${rule}, got ${show(value)}`);
}

function show(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : String(value);
}
