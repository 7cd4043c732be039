import type { Context } from '@opentelemetry/api';
import type { Peer } from './account.ts';

/** On the very context in which the handlers of an answer run, whose it is; not on those that are made from it. */
const ANSWER: unique symbol = Symbol('sonde.ipc.answer');

interface MarkedContext extends Context {
  [ANSWER]?: Peer | null;
}

/** Gives a context that is being made the place for the mark: to add it later costs several times as much. */
export function reserveMark(made: Context): void {
  (made as MarkedContext)[ANSWER] = null;
}

/** Says of a context that the handlers of an answer run in it. */
export function markAnswer(inside: Context, peer: Peer | undefined): void {
  const marked = inside as MarkedContext;
  if (peer !== undefined && (marked[ANSWER] === null || Object.isExtensible(inside))) marked[ANSWER] = peer;
}

/**
 * Whether something is sent to a peer right from the handler of its answer. A pool that keeps a queue sends the next job
 * from there, to the worker that has just become free, and that job belongs to another request than the answer: whose it
 * is, only the pool knows. So it is sent without a context rather than with one that may be wrong. What goes to another peer
 * is the next stage of the same work: no pool leaves a worker idle while it has a queue.
 */
export function isAnswerOf(active: Context, peer: Peer): boolean {
  return (active as MarkedContext)[ANSWER] === peer;
}
