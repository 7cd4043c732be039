import { type Context, createContextKey, trace } from '@opentelemetry/api';
import { areWaitsRead, noteWaitOfTrace } from '@sonde/instrumentation-kit';

/** Under which the context of a received message says what it had to wait for. */
const ACCOUNT = createContextKey('sonde.ipc.account');

/**
 * When the message in whose context something runs was sent and taken up. What is sent back to the same peer carries
 * both, so that the sender learns how long its job waited and ran here. Milliseconds of this thread's
 * `performance.now()`.
 */
export interface Account {
  /** Any object that stands for the other side of the channel. */
  readonly peer: unknown;
  readonly sentMs: number;
  readonly takenUpMs: number;
}

/** A context with the account of a message. */
export function withAccount(active: Context, account: Account): Context {
  return active.setValue(ACCOUNT, account);
}

/** The account of the message in whose context this is. */
export function accountIn(active: Context): Account | undefined {
  return active.getValue(ACCOUNT) as Account | undefined;
}

/** The account that something sent to `peer` now has to carry; undefined when it answers no message of that peer. */
export function accountFor(active: Context, peer: unknown): Account | undefined {
  const account = accountIn(active);
  return account !== undefined && account.peer === peer ? account : undefined;
}

/**
 * Something came back with the account of what it answers: notes for the open requests of its trace how long the job
 * waited in the queue and how long the peer has worked for it.
 * @param answer the context that came with it
 * @param sentMs when the job was sent, in this thread's `performance.now()`, like all three
 */
export function noteAnswer(answer: Context, sentMs: number, takenUpMs: number, nowMs: number): void {
  if (!areWaitsRead()) return;
  const traceId = trace.getSpanContext(answer)?.traceId;
  if (traceId === undefined) return;
  noteWaitOfTrace(traceId, 'ipc_queue', sentMs, takenUpMs);
  noteWaitOfTrace(traceId, 'child_service', takenUpMs, nowMs);
}
