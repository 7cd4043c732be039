import { type Context, trace } from '@opentelemetry/api';

/** Where a stage that decides about whole traces keeps, on each span, what it knows of the trace. */
export const LOCAL_TRACE: unique symbol = Symbol.for('sonde.sampling.local_trace') as never;

interface MarkedSpan {
  readonly [LOCAL_TRACE]?: { mark?(): boolean };
}

/**
 * Asks a tail sampling stage, if there is one, to keep the trace of a context: something happened in it that somebody will
 * want to look at. Some 20 ns. May throw what a foreign span throws: call it within a guard.
 * @returns false when nobody can keep it (any more)
 */
export function markTrace(active: Context): boolean {
  const span = trace.getSpan(active) as MarkedSpan | undefined;
  return span?.[LOCAL_TRACE]?.mark?.() === true;
}
