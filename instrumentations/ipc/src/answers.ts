import type { Context } from '@opentelemetry/api';

/** On the very context in which the handlers of an answer run; not on those that are made from it. */
const ANSWER: unique symbol = Symbol('sonde.ipc.answer');

interface MarkedContext extends Context {
  [ANSWER]?: boolean;
}

/** Gives a context that is being made the place for the mark: to add it later costs several times as much. */
export function reserveMark(made: Context): void {
  (made as MarkedContext)[ANSWER] = false;
}

/** Says of a context that the handlers of an answer run in it. */
export function markAnswer(inside: Context): void {
  const marked = inside as MarkedContext;
  if (marked[ANSWER] === false || Object.isExtensible(inside)) marked[ANSWER] = true;
}

/**
 * Whether something is sent right from the handler of an answer. A pool that keeps a queue sends the next job from there,
 * which belongs to another request than the answer: whose it is, only the pool knows. So it is sent without a context
 * rather than with one that may be wrong.
 */
export function isAnswer(active: Context): boolean {
  return (active as MarkedContext)[ANSWER] === true;
}
