import { type Context, context, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { type Peer, withAccount } from '../../src/account.ts';
import { NOWHERE, TakenUp } from '../../src/taken-up.ts';
import { contextAfterFetch, isSameTrace, markFetched, type Source } from '../../src/threads/fetch-context.ts';
import type { Link } from '../../src/threads/link.ts';

const OTHER_KEY = Symbol('other');

function source(): Source & { readonly link: Link } {
  return { port: {}, link: { isDown: false, takenUp: new TakenUp() } as unknown as Link };
}

function traced(digit: number, peer?: Peer): Context {
  const spanContext = { traceId: `${digit}`.repeat(32), spanId: '1'.repeat(16), traceFlags: TraceFlags.NONE };
  const active = trace.setSpanContext(ROOT_CONTEXT, spanContext);
  return peer === undefined ? active : withAccount(active, { peer, sentMs: 0, takenUpMs: 0, place: NOWHERE });
}

test('code outside of any trace goes on in the context of the message', () => {
  const sender = traced(1);
  expect(contextAfterFetch(ROOT_CONTEXT, source(), sender)).toBe(sender);
  expect(contextAfterFetch(ROOT_CONTEXT.setValue(OTHER_KEY, 1), source(), sender)).toBe(sender);
});

test('code with a trace of its own keeps it, whatever it fetches', () => {
  for (const sender of [ROOT_CONTEXT, traced(1), traced(2)]) {
    expect(contextAfterFetch(traced(1), source(), sender)).toBeUndefined();
    // In the handler of a message of somebody else.
    expect(contextAfterFetch(traced(1, source().link), source(), sender)).toBeUndefined();
  }
});

test('a loop that began in the handler of a message, or goes on after an await, does each job for its sender', () => {
  const from = source();
  for (const sender of [ROOT_CONTEXT, traced(1), traced(2)]) {
    expect(contextAfterFetch(traced(1, from.link), from, sender)).toBe(sender);
  }
  const optedIn = { port: {}, link: undefined };
  const first = markFetched(traced(1), optedIn).setValue(OTHER_KEY, 1);
  const second = traced(2);
  expect(contextAfterFetch(first, optedIn, second)).toBe(second);
  expect(contextAfterFetch(first, { port: {}, link: undefined }, second)).toBeUndefined();
});

test('where it cannot be told whether work on one message has asked, or the next one came, there is no context', () => {
  const first = markFetched(traced(1, source().link), source());
  expect(contextAfterFetch(first, source(), traced(2))).toBe(ROOT_CONTEXT);
  expect(contextAfterFetch(first, source(), ROOT_CONTEXT)).toBe(ROOT_CONTEXT);
  // An answer of its own trace.
  expect(contextAfterFetch(first, source(), traced(1))).toBeUndefined();
  expect(contextAfterFetch(traced(1, source().link), { port: {}, link: undefined }, traced(2))).toBe(ROOT_CONTEXT);
});

test('no trace is not one', () => {
  expect(isSameTrace(context.active(), ROOT_CONTEXT)).toBe(false);
  expect(markFetched(ROOT_CONTEXT, source())).toBe(ROOT_CONTEXT);
});
