import { type Context, createContextKey, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { type Account, accountIn } from '../account.ts';
import type { Link } from './link.ts';

/** In the contexts of messages that have no account: over which port they were fetched. */
const PORT = createContextKey('sonde.ipc.fetched-from');
const fetchedAccounts = new WeakSet<Account>();

/** Where a message was fetched. */
export interface Source {
  readonly port: object;
  /** To the thread at the other end, where that is known. */
  readonly link: Link | undefined;
}

/** The context of a fetched message, so that it is known for one in what follows. */
export function markFetched(sender: Context, { port }: Source): Context {
  if (sender === ROOT_CONTEXT) return sender;
  const account = accountIn(sender);
  if (account === undefined) return sender.setValue(PORT, port);
  fetchedAccounts.add(account);
  return sender;
}

/** Whether both are of one trace. */
export function isSameTrace(one: Context, other: Context): boolean {
  const traceId = trace.getSpanContext(one)?.traceId;
  return traceId !== undefined && traceId === trace.getSpanContext(other)?.traceId;
}

/**
 * In which context the code goes on that has fetched a message; undefined: in the active one. Code with a trace of its own
 * keeps it: it has asked for something, or looks for results. But who does, message by message, what another thread tells
 * him, often in a loop that began in the handler of the first message, does each for its own sender.
 * @param sender the context of the message
 */
export function contextAfterFetch(active: Context, from: Source, sender: Context): Context | undefined {
  if (active === ROOT_CONTEXT) return sender;
  const { port, link } = from;
  const account = accountIn(active);
  if (account?.peer !== undefined && account.peer === link) return sender;
  if (trace.getSpanContext(active) === undefined) return sender;
  if (account === undefined) return active.getValue(PORT) === port ? sender : undefined;
  if (isSameTrace(active, sender)) return undefined;
  // A loop over several peers, or the work for one that asks another: rather no context than a wrong one.
  return link === undefined || fetchedAccounts.has(account) ? ROOT_CONTEXT : undefined;
}
