import type { EventDefinition, EventFilter } from './event-types.ts';

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
