import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Context, context, ROOT_CONTEXT, type Span, TraceFlags, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { droppedCounts } from '@sonde/instrumentation-kit';
import type { Channel, Received } from '../../src/channels.ts';
import { FetchedSpans, MAX_OPEN } from '../../src/threads/fetched-spans.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Names spans by the digit of their trace, and notes which have ended and when. */
function recorder(): { channel: Channel; ended: [string, number][] } {
  const ended: [string, number][] = [];
  const startProcess = ({ context: active }: Received): Span | undefined => trace.getSpan(active as Context);
  const endProcess = (span: Span, endMs: number): void => {
    ended.push([span.spanContext().traceId[0] as string, endMs]);
  };
  return { channel: { startProcess, endProcess } as unknown as Channel, ended };
}

function received(digit: number, more: Partial<Received> = {}): Received {
  const spanContext = { traceId: String(digit).repeat(32), spanId: '1'.repeat(16), traceFlags: TraceFlags.SAMPLED };
  const active = trace.setSpanContext(ROOT_CONTEXT, spanContext);
  return { context: active, isSampled: true, sentMs: 0, takenUpMs: performance.now(), bytes: 0, ...more };
}

const PORT = {};
const names = (ended: readonly [string, number][]): string[] => ended.map(([name]) => name);

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});
afterAll(() => {
  context.disable();
});

test('a span ends with the first message over its port from its own context, and from there only', () => {
  const { channel, ended } = recorder();
  const spans = new FetchedSpans();
  const [first, second] = [1, 1].map((digit) => spans.begin(PORT, channel, received(digit)) as Context);
  spans.begin(PORT, channel, received(2));
  context.with(second as Context, () => spans.sent({}));
  spans.sent(PORT);
  expect(ended).toEqual([]);
  context.with((second as Context).setValue(Symbol('more'), 1), () => spans.sent(PORT));
  context.with(second as Context, () => spans.sent(PORT));
  expect([names(ended), spans.size]).toEqual([['1'], 2]);
  context.with(first as Context, () => spans.sent(PORT));
  expect([names(ended), spans.size]).toEqual([['1', '1'], 1]);
});

test('from the handler of another message, the oldest of its trace is answered', () => {
  const { channel, ended } = recorder();
  const spans = new FetchedSpans();
  for (const digit of [1, 2, 2]) spans.begin(PORT, channel, received(digit));
  context.with(received(2).context as Context, () => spans.sent(PORT));
  context.with(received(3).context as Context, () => spans.sent(PORT));
  expect([names(ended), spans.size]).toEqual([['2'], 2]);
});

test('nothing is begun for a message that was not recorded, or in a thread that stands still, but for answers', () => {
  const { channel } = recorder();
  const spans = new FetchedSpans();
  expect(spans.begin(PORT, channel, received(1, { isSampled: false }))).toBeUndefined();
  expect(spans.begin(PORT, channel, received(1, { context: undefined }))).toBeUndefined();
  spans.threadStandsStill();
  expect(spans.begin(PORT, channel, received(1))).toBeUndefined();
  expect(spans.begin(PORT, channel, received(1, { isAnswer: true }))).toBeDefined();
});

test('an answer is done with when the next message is fetched', () => {
  const { channel, ended } = recorder();
  const spans = new FetchedSpans();
  spans.begin(PORT, channel, received(1, { isAnswer: true }));
  spans.paused();
  expect(names(ended)).toEqual(['1']);
  spans.paused();
  expect(names(ended)).toEqual(['1']);
});

test('what is never answered ends as it paused, when its port closes or all is over', () => {
  const { channel, ended } = recorder();
  const spans = new FetchedSpans();
  for (const digit of [1, 2, 3]) {
    spans.begin(digit === 1 ? PORT : channel, channel, received(digit));
    spans.paused();
  }
  const pausedBefore = Date.now() + 1;
  spans.closed(PORT);
  expect(names(ended)).toEqual(['1']);
  spans.stop();
  expect([names(ended), spans.size]).toEqual([['1', '2', '3'], 0]);
  for (const [, endMs] of ended) expect(endMs).toBeLessThanOrEqual(pausedBefore);
});

test('a span ends when nothing can run in its contexts any more', async () => {
  const { channel, ended } = recorder();
  const spans = new FetchedSpans();
  const kept = spans.begin(PORT, channel, received(1)) as Context;
  const derived = (spans.begin(PORT, channel, received(2)) as Context).setValue(Symbol('more'), 1);
  for (const digit of [3, 4]) spans.begin(PORT, channel, received(digit));
  spans.paused();
  for (let i = 0; i < 50 && ended.length < 2; i++) {
    collectGarbage();
    await setImmediate();
  }
  expect(names(ended).sort()).toEqual(['3', '4']);
  expect([kept, derived].map((active) => trace.getSpanContext(active)?.traceId[0])).toEqual(['1', '2']);
});

test('of too many, the oldest ends and is counted', () => {
  const before = droppedCounts().get('ipc.fetched-span') ?? 0;
  const { channel, ended } = recorder();
  const spans = new FetchedSpans();
  const contexts = Array.from({ length: MAX_OPEN + 2 }, (_, i) => spans.begin(PORT, channel, received(1 + (i % 9))));
  expect([names(ended), spans.size, contexts.length]).toEqual([['1', '2'], MAX_OPEN, MAX_OPEN + 2]);
  expect(droppedCounts().get('ipc.fetched-span')).toBe(before + 2);
});
