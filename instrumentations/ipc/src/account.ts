import { type Context, createContextKey, trace } from '@opentelemetry/api';
import { areWaitsRead, noteWaitOfTrace } from '@sonde/instrumentation-kit';
import { NOWHERE, type TakenUp } from './taken-up.ts';

/** Under which the context of a received message says what it had to wait for. */
const ACCOUNT = createContextKey('sonde.ipc.account');

/** The other side of a channel. */
export interface Peer {
  /** Whether this side has started it. */
  readonly isDown: boolean;
  /** What came from there and may be answered. */
  readonly takenUp: TakenUp;
}

/**
 * When the message in whose context something runs was sent and taken up. What is sent back to the same peer carries
 * both, so that the sender learns how long its job waited and ran here. Milliseconds of this thread's
 * `performance.now()`.
 */
export interface Account {
  readonly peer: Peer | undefined;
  readonly sentMs: number;
  readonly takenUpMs: number;
  /** Among those taken up from the peer. */
  readonly place: number;
}

/** A context with the account of a message. */
export function withAccount(active: Context, account: Account): Context {
  return active.setValue(ACCOUNT, account);
}

/** The account of the message in whose context this is. */
export function accountIn(active: Context): Account | undefined {
  return active.getValue(ACCOUNT) as Account | undefined;
}

/**
 * The account that something sent to a peer now has to carry; undefined when it answers no message of that peer. It is that
 * of the message in whose context it is sent. In the context of another one, e.g. the answer of a child, it is that of the
 * first message of the trace that the peer has no answer to yet; when all have one, an account without times. What it
 * answers counts as answered from then on.
 * @param account of the context in which it is sent
 * @param ids words, of which those of the trace id begin at `at`; undefined where there is no trace
 */
export function settleAccount(
  account: Account | undefined,
  peer: Peer,
  ids: Int32Array | undefined,
  at: number,
): Account | undefined {
  const { takenUp } = peer;
  if (account !== undefined && account.peer === peer) {
    takenUp.answer(account.place);
    return account;
  }
  const place = takenUp.isEmpty || ids === undefined ? NOWHERE : takenUp.find(ids, at);
  if (place === NOWHERE) return undefined;
  const isAnswered = takenUp.isAnswered(place);
  takenUp.guess(place);
  if (isAnswered) return { peer, sentMs: Number.NaN, takenUpMs: Number.NaN, place };
  return { peer, sentMs: takenUp.sentMs(place), takenUpMs: takenUp.takenUpMs(place), place };
}

/**
 * Something came back with the account of what it answers: notes for the open requests of its trace how long the job
 * waited in the queue and how long the peer has worked for it.
 * @param answer the context that came with it
 * @param sentMs when the job was sent, in this thread's `performance.now()`, like all three; NaN where it is not told
 */
export function noteAnswer(answer: Context, sentMs: number, takenUpMs: number, nowMs: number): void {
  if (!areWaitsRead()) return;
  const traceId = trace.getSpanContext(answer)?.traceId;
  if (traceId === undefined) return;
  noteWaitOfTrace(traceId, 'ipc_queue', sentMs, takenUpMs);
  noteWaitOfTrace(traceId, 'child_service', takenUpMs, nowMs);
}
