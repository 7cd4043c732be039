import { context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { type ReadableSpan, TracerProvider } from '@opentelemetry/sdk-trace';
import { eventStream } from '@sonde/event-stream';
import { eventsFrom, hotMetricsFrom } from '@sonde/instrumentation-kit';
import { createCollector } from '../../../test/fixtures/collect.ts';
import { type Channel, createChannels, type Received } from '../src/channels.ts';
import { resolveConfig } from '../src/config.ts';
import { TELEMETRY } from '../src/semantic-names.ts';
import type { IpcInstrumentationConfig } from '../src/types.ts';

const spans: ReadableSpan[] = [];
const provider = new TracerProvider({
  spanProcessors: [
    {
      onStart: () => {},
      onEnd: (span) => spans.push(span),
      forceFlush: async () => {},
      shutdown: async () => {},
    },
  ],
});
const collector = createCollector(true);
const events = eventStream().subscribe({ filter: { category: 'ipc' } });

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});
beforeEach(() => {
  spans.length = 0;
  events.read(1000);
});

let channels = 0;
function channelWith(config: IpcInstrumentationConfig = {}): Channel {
  const parts = {
    config: resolveConfig(config),
    instruments: hotMetricsFrom(TELEMETRY),
    events: eventsFrom(TELEMETRY),
    tracer: () => provider.getTracer('test'),
  };
  channels += 1;
  return createChannels(parts).of({ system: 'nodejs.worker_threads', destination: `peer ${channels}.js` });
}

function received(active: Received['context'], more: Partial<Received> = {}): Received {
  const nowMs = performance.now();
  return { context: active, isSampled: false, sentMs: nowMs - 3, takenUpMs: nowMs, bytes: 0, ...more };
}

const inTrace = trace.setSpanContext(ROOT_CONTEXT, {
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  traceFlags: 1,
  isRemote: true,
});
const told = (): string[] =>
  events.read(1000).map(({ name, labels }) => [name, ...Object.values(labels ?? {})].join(' '));

test('a message is sent in a span only where the parent is recorded', () => {
  const channel = channelWith();
  expect(channel.startSend(ROOT_CONTEXT)).toBeUndefined();
  expect(channel.startSend(inTrace)).toBeUndefined();
  const parent = provider.getTracer('test').startSpan('parent');
  const span = channel.startSend(trace.setSpan(ROOT_CONTEXT, parent)) as Span;
  channel.sent(performance.now(), 0, span);
  expect(spans.map(({ name, kind, status }) => [name, kind, status.code])).toEqual([
    [`send ${channel.destination}`, SpanKind.PRODUCER, SpanStatusCode.UNSET],
  ]);
  expect(spans[0]?.parentSpanContext?.spanId).toBe(parent.spanContext().spanId);
});

test('handlers run in the context of the message, in a span where the sender was sampled', () => {
  const channel = channelWith();
  const seen = (): unknown => trace.getSpan(context.active())?.spanContext().spanId;
  expect(channel.process(received(undefined), seen)).toBeUndefined();
  expect(channel.process(received(inTrace), seen)).toBe('b'.repeat(16));
  const inside = channel.process(received(inTrace, { isSampled: true }), seen);
  expect(spans.map(({ name, kind }) => [name, kind])).toEqual([[`process ${channel.destination}`, SpanKind.CONSUMER]]);
  expect([spans[0]?.spanContext().spanId, spans[0]?.parentSpanContext?.spanId]).toEqual([inside, 'b'.repeat(16)]);
  const args = [1, 2];
  const handler = function (this: unknown, ...given: unknown[]): unknown {
    return [this, ...given];
  };
  expect(channel.process(received(inTrace), handler, args, args)).toEqual([args, 1, 2]);
});

test('what a handler throws passes through, and its span says so', () => {
  const channel = channelWith();
  const error = new Error('of the application');
  const fail = (): never => {
    throw error;
  };
  expect(() => channel.process(received(inTrace, { isSampled: true }), fail)).toThrow(error);
  expect(spans[0]?.status.code).toBe(SpanStatusCode.ERROR);
  expect(() => channel.process(received(undefined), fail)).toThrow(error);
});

test('what takes the threshold or longer is told, with a span after the fact where there was none', () => {
  const channel = channelWith({ slowThresholdMs: 0 });
  channel.sent(performance.now(), 10, undefined);
  channel.process(received(inTrace), () => {});
  const { destination } = channel;
  expect(told()).toEqual([
    `sonde.ipc.slow_message ${destination} send`,
    `sonde.ipc.slow_message ${destination} receive`,
    `sonde.ipc.slow_message ${destination} process`,
  ]);
  expect(spans.map(({ name }) => name)).toEqual([`send ${destination}`, `process ${destination}`]);
  expect(spans[1]?.parentSpanContext?.spanId).toBe('b'.repeat(16));
});

test('Infinity switches slow messages off, and without spans there are none', () => {
  const off = channelWith({ slowThresholdMs: Number.POSITIVE_INFINITY });
  off.process(received(inTrace, { sentMs: -1e9 }), () => {});
  const spanless = channelWith({ spans: false, slowThresholdMs: 0 });
  spanless.process(received(inTrace, { isSampled: true }), () => {});
  expect(spanless.startSend(trace.setSpan(ROOT_CONTEXT, provider.getTracer('x').startSpan('y')))).toBeUndefined();
  expect(spans).toEqual([]);
});

test('failures are counted by error, and told once a minute with their number', async () => {
  const channel = channelWith();
  const errors: unknown[] = [
    Object.assign(new Error('x'), { name: 'DataCloneError' }),
    { code: 'ERR_X' },
    'text',
    null,
    {
      get code() {
        throw new Error('hostile');
      },
    },
  ];
  for (const error of errors) channel.sendFailed(performance.now(), error, undefined);
  channel.sendFailed(performance.now(), errors[0], undefined);
  channel.receiveFailed(errors[1]);
  expect(events.read(1000).map(({ text, value }) => [text, value])).toEqual([
    ['DataCloneError', 1],
    ['ERR_X', 1],
    ['_OTHER', 1],
    ['ERR_X', 1],
  ]);
  const sent = (await collector.collect())['messaging.client.sent.messages'] ?? [];
  const own = sent.filter(({ attributes }) => attributes['messaging.destination.name'] === channel.destination);
  expect(own.map(({ attributes, value }) => [attributes['error.type'], value])).toEqual(
    expect.arrayContaining([
      ['DataCloneError', 2],
      ['ERR_X', 1],
      ['_OTHER', 3],
    ]),
  );
});

test('times that are not known or run backwards spoil nothing', async () => {
  const channel = channelWith();
  channel.received(received(undefined, { sentMs: Number.NaN }));
  channel.received(received(undefined, { sentMs: performance.now() + 1e6 }));
  channel.missed('lapped', 2);
  channel.undelivered(3);
  channel.depth(4);
  channel.io('transmit', 5);
  const metrics = await collector.collect();
  const own = (name: string): number[] =>
    (metrics[name] ?? [])
      .filter(({ attributes }) => attributes['messaging.destination.name'] === channel.destination)
      .map(({ value }) => value);
  expect(own('messaging.client.consumed.messages')).toEqual([2]);
  expect(own('sonde.ipc.queue.wait')).toEqual([1]);
  expect(own('sonde.ipc.context.missed')).toEqual([2]);
  expect(own('sonde.ipc.undelivered.messages')).toEqual([3]);
  expect(own('sonde.ipc.queue.depth')).toEqual([4]);
  expect(own('sonde.ipc.io')).toEqual([5]);
});

test('more peers than can be told apart share one name', () => {
  const parts = {
    config: resolveConfig(),
    instruments: hotMetricsFrom(TELEMETRY),
    events: eventsFrom(TELEMETRY),
    tracer: () => provider.getTracer('test'),
  };
  const { of } = createChannels(parts);
  const names = Array.from({ length: 600 }, (_, i) => of({ system: 's', destination: `d${i}` }).destination);
  expect(new Set(names).size).toBe(513);
  expect(names.at(-1)).toBe('other');
  expect(of({ system: 's', destination: 'd1' })).toBe(of({ system: 's', destination: 'd1' }));
});

test('what is quick is timed now and then, and counted each time', async () => {
  const channel = channelWith({ spans: false });
  let quick = 0;
  for (let i = 0; i < 500; i++) {
    channel.sent(performance.now(), 0, undefined);
    const message = received(undefined);
    if (channel.receivedQuickly(message)) quick += 1;
    else channel.process({ ...message, takenUpMs: performance.now() }, () => undefined);
  }
  expect(quick).toBeGreaterThan(250);
  const metrics = await collector.collect();
  for (const name of ['messaging.client.operation.duration', 'messaging.process.duration', 'sonde.ipc.queue.wait']) {
    const own = metrics[name]?.filter(
      ({ attributes }) => attributes['messaging.destination.name'] === channel.destination,
    );
    expect(own?.map(({ value }) => value)).toEqual([500]);
  }
});

test('what is slow, and what has a span, is never taken for quick', () => {
  const slow = channelWith({ slowThresholdMs: 0, spans: false });
  const withSpans = channelWith();
  for (let i = 0; i < 100; i++) {
    expect(slow.receivedQuickly(received(undefined))).toBe(false);
    slow.process(received(undefined), () => undefined);
    withSpans.process(received(undefined), () => undefined);
    expect(withSpans.receivedQuickly(received(inTrace, { isSampled: true }))).toBe(false);
  }
});

test('a queue that does not drain does not flood the stream', () => {
  const channel = channelWith({ slowThresholdMs: 1 });
  for (let i = 0; i < 1000; i++) channel.received(received(undefined));
  const count = told().length;
  expect(count).toBeGreaterThan(0);
  expect(count).toBeLessThan(100);
});
