import { randomInt } from 'node:crypto';
import { context, trace } from '@opentelemetry/api';
import { eventStream, formatTimestamp } from '@sonde/event-stream';
import { guard, show, warnOnce } from '@sonde/instrumentation-kit';
import { formatLink } from '../order/causes.ts';
import { TELEMETRY } from '../semantic-names.ts';
import { placeIn, type Stay, withStay } from './chain-context.ts';
import { chainIdOf } from './chain-id.ts';

/** Ids of stays: a random half for the thread, a counter for the other. */
let threadHalf = 0;
let count = 0;

function nextStayId(): string {
  if (threadHalf === 0) threadHalf = randomInt(1, 2 ** 31);
  count = (count + 1) | 0;
  return formatTimestamp({ high: threadHalf, low: count });
}

function enter(chainId: string): Stay {
  const active = context.active();
  const outer = placeIn(active);
  const stay: Stay = { traceId: chainId, spanId: nextStayId(), over: trace.getSpan(active) };
  const stream = eventStream();
  stream.event(TELEMETRY.events.chainEntered).emitText({
    text: outer === undefined ? '' : formatLink(outer),
    context: stream.context(stay.traceId, stay.spanId),
  });
  return stay;
}

/**
 * Runs a function in a chain: what is emitted there by `emitCausal`, also after `await`, belongs to the chain, unless a
 * span that is started inside is active. What it was entered from (the active span, or an outer chain) is remembered as its
 * cause. Needs a context manager, as tracing does. A microsecond.
 * @param name a trace id, or any text of up to 256 characters; with anything else the function runs as it would without
 * @returns what the function returns; what it throws goes to the caller
 * @throws TypeError where there is no function to run
 */
export function runInChain<T>(name: string, work: () => T): T {
  if (typeof work !== 'function') throw new TypeError(`runInChain: work must be a function, got ${show(work)}`);
  const chainId = chainIdOf(name);
  if (chainId === undefined) {
    warnOnce('causality.chain', `runInChain: a chain needs a name of 1 to 256 characters, got ${typeof name}`);
    return work();
  }
  const inside = guard('causality.chain', () => withStay(context.active(), enter(chainId)), context.active());
  return context.with(inside, work);
}
