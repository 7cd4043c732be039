import { context, logs, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  type ReadableLogRecord,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import { createEventStream, type EventDefinition, type EventStream, Severity } from '@sonde/event-stream';
import fc from 'fast-check';
import { EventLogBridge } from '../src/event-log-bridge.ts';
import { TELEMETRY } from '../src/semantic-names.ts';
import type { EventLogBridgeConfig, EventLogRecord } from '../src/types.ts';

const SEED = 20_260_504;
const START_MS = 1_700_000_000_000;

const SLOW: EventDefinition = {
  name: 'test.slow',
  category: 'vfs',
  severity: Severity.WARN,
  description: 'A file system operation was slow.',
  value: { key: 'test.duration', unit: 's', description: 'How long it took.' },
  labels: [{ key: 'test.mount', description: 'Where.' }],
};

interface Rig {
  readonly stream: EventStream;
  readonly bridge: EventLogBridge;
  readonly exported: () => readonly ReadableLogRecord[];
  /** Moves the clock. */
  readonly pass: (ms: number) => void;
}

const open: EventLogBridge[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((bridge) => bridge.shutdown()));
  logs.disable();
});

function rig(config: EventLogBridgeConfig = {}, slots = 1024): Rig {
  let nowMs = 0;
  const stream = createEventStream({ slots, now: () => nowMs, timeOriginMs: START_MS });
  const exporter = new InMemoryLogRecordExporter();
  const loggerProvider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] });
  const bridge = new EventLogBridge({
    stream,
    loggerProvider,
    now: () => START_MS + nowMs,
    intervalMs: 60_000,
    ...config,
  });
  open.push(bridge);
  return {
    stream,
    bridge,
    exported: () => exporter.getFinishedLogRecords(),
    pass: (ms) => {
      nowMs += ms;
    },
  };
}

test('warnings and worse become log records of the same name, the rest does not', async () => {
  const { stream, bridge, exported } = rig();
  const slow = stream.event(SLOW);
  slow.bind({ 'test.mount': '/info' }, Severity.INFO).emit(1, 0.1);
  slow.bind({ 'test.mount': '/warn' }).emit(2, 0.2);
  slow.bind({ 'test.mount': '/fatal' }, Severity.FATAL).emit(3, 0.3);
  await bridge.forceFlush();
  expect(exported().map(({ severityText, attributes }) => [severityText, attributes['test.mount']])).toEqual([
    ['FATAL', '/fatal'],
    ['WARN', '/warn'],
  ]);
  const [, warning] = exported();
  expect(warning).toMatchObject({
    eventName: 'test.slow',
    severityNumber: 13,
    hrTime: [1_700_000_000, 2_000_000],
    instrumentationScope: { name: '@sonde/event-bridge', version: TELEMETRY.version },
    attributes: { 'test.duration': 0.2, 'sonde.event.category': 'vfs', 'thread.id': 0 },
  });
});

test('a lower limit lets lower severities through', async () => {
  const { stream, bridge, exported } = rig({ minSeverity: Severity.DEBUG });
  stream.event(SLOW).bind({}, Severity.TRACE).emit();
  stream.event(SLOW).bind({}, Severity.DEBUG).emit();
  await bridge.forceFlush();
  expect(exported().map(({ severityText }) => severityText)).toEqual(['DEBUG']);
});

test('a log record belongs to the trace of its event', async () => {
  const { stream, bridge, exported } = rig();
  const [traceId, spanId] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
  stream.event(SLOW).emit(1, 0.2, Number.NaN, stream.context(traceId, spanId));
  await bridge.forceFlush();
  expect(exported()[0]?.spanContext).toMatchObject({ traceId, spanId });
});

test('an event is a log record at once; what is alike and follows is one record when the window has ended', () => {
  const { stream, bridge, exported, pass } = rig({ foldWindowMs: 5000 });
  const slow = stream.event(SLOW).bind({ 'test.mount': '/data' });
  slow.emit(0, 0.3);
  bridge.drain();
  expect(exported()).toHaveLength(1);
  expect(exported()[0]?.attributes).not.toHaveProperty('sonde.event.count');
  for (const [atMs, seconds] of [
    [100, 0.2],
    [1000, 0.9],
    [4000, 0.4],
  ] as const) {
    slow.emit(atMs, seconds);
  }
  stream.event(SLOW).bind({ 'test.mount': '/tmp' }).emit(4000, 0.1);
  bridge.drain();
  expect(exported().map(({ attributes }) => attributes['test.mount'])).toEqual(['/data', '/tmp']);
  pass(4999);
  bridge.drain();
  expect(exported()).toHaveLength(2);
  expect(bridge.statistics().pending).toBe(3);
  pass(1);
  bridge.drain();
  expect(exported()[2]?.attributes).toMatchObject({
    'test.mount': '/data',
    'test.duration': 0.9,
    'sonde.event.count': 3,
    'sonde.event.last_time': '2023-11-14T22:13:24.000Z',
  });
  expect(exported()[2]?.hrTime).toEqual([1_700_000_000, 100_000_000]);
  pass(5000);
  bridge.drain();
  slow.emit(16_000, 0.1);
  bridge.drain();
  expect(exported()).toHaveLength(4);
});

test('more different events than may be held open are written early, none is lost', () => {
  const { stream, bridge, exported } = rig({ maxOpenFolds: 3 });
  for (let n = 0; n < 10; n += 1)
    stream
      .event(SLOW)
      .bind({ 'test.mount': `/${n}` })
      .emit(n, 0.1);
  bridge.drain();
  const told = () => exported().map(({ attributes }) => attributes['test.mount']);
  expect(told()).toEqual(Array.from({ length: 10 }, (_, n) => `/${n}`));
  // Only the three that came last are still followed: the others are new again.
  for (const n of [9, 0])
    stream
      .event(SLOW)
      .bind({ 'test.mount': `/${n}` })
      .emit(n, 0.1);
  bridge.drain();
  expect(told().slice(10)).toEqual(['/0']);
  expect(bridge.statistics()).toMatchObject({ logged: 11, pending: 1 });
});

test('what the rate limit holds back is counted and said, the most severe goes first', () => {
  const { stream, bridge, exported, pass } = rig({ logsPerSecond: 1, burst: 2, foldWindowMs: 1000 });
  const emit = (mount: string, severity: number, times = 1): void => {
    for (let n = 0; n < times; n += 1) stream.event(SLOW).bind({ 'test.mount': mount }, severity).emit(n, 0.1);
  };
  emit('/a', Severity.WARN, 3);
  emit('/b', Severity.WARN, 4);
  emit('/c', Severity.ERROR);
  bridge.drain();
  pass(1000);
  bridge.drain();
  expect(exported().map(({ eventName, attributes }) => [eventName, attributes['test.mount']])).toEqual([
    ['test.slow', '/c'],
    ['test.slow', '/a'],
    ['sonde.event_bridge.held_back', undefined],
  ]);
  expect(exported()[2]).toMatchObject({
    severityText: 'WARN',
    attributes: {
      'sonde.event_bridge.held_back': 1,
      'sonde.event_bridge.held_back_events': 4,
      'sonde.event_bridge.most_frequent': 'test.slow',
    },
  });
  expect(bridge.statistics()).toMatchObject({ logRecords: 3, logged: 4, heldBack: 4, pending: 0 });
});

test('reports of what was held back do not themselves become a flood, and lose nothing', () => {
  const { stream, bridge, exported, pass } = rig({ logsPerSecond: 0.001, burst: 1, foldWindowMs: 0 });
  for (let n = 0; n < 60; n += 1) {
    stream.event(SLOW).emit(n, 0.1);
    bridge.drain();
    pass(500);
  }
  const reports = exported().filter(({ eventName }) => eventName === 'sonde.event_bridge.held_back');
  expect(reports.length).toBe(3);
  pass(10_000);
  bridge.drain();
  const said = exported().map(({ attributes }) => Number(attributes['sonde.event_bridge.held_back'] ?? 0));
  expect(said.reduce((sum, count) => sum + count, 0)).toBe(59);
});

test('events that are overwritten before they are read are counted and said', async () => {
  const { stream, bridge, exported } = rig({}, 1024);
  for (let n = 0; n < 5000; n += 1) stream.event(SLOW).emit(n, 0.1);
  await bridge.forceFlush();
  const { logged, lost } = bridge.statistics();
  expect(lost).toBeGreaterThan(3000);
  expect(logged + lost).toBe(5000);
  expect(exported().at(-1)).toMatchObject({
    eventName: 'sonde.event_bridge.lost',
    attributes: { 'sonde.event_bridge.lost': lost },
  });
});

test('events of excluded names never become logs; by default those of spans', async () => {
  const { stream, bridge, exported } = rig();
  stream.event(TELEMETRY.events.span).bind({}, Severity.ERROR).emit(1, 0.1);
  await bridge.forceFlush();
  expect(exported()).toEqual([]);
  const other = rig({ excludedEvents: ['test.slow'] });
  other.stream.event(TELEMETRY.events.span).bind({}, Severity.ERROR).emit(1, 0.1);
  other.stream.event(SLOW).emit(1, 0.1);
  await other.bridge.forceFlush();
  expect(other.exported().map(({ eventName }) => eventName)).toEqual(['sonde.span']);
});

test('without a provider events wait in the stream, and are written when one is registered', async () => {
  const { stream, bridge } = rig({ loggerProvider: undefined } as never);
  stream.event(SLOW).emit(1, 0.1);
  await bridge.forceFlush();
  bridge.drain();
  expect(bridge.statistics().logged).toBe(0);
  const exporter = new InMemoryLogRecordExporter();
  logs.setGlobalLoggerProvider(new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] }));
  await bridge.forceFlush();
  expect(exporter.getFinishedLogRecords()).toHaveLength(1);
});

test('while the logger drops everything, events wait in the stream', async () => {
  let isReady = false;
  const records: EventLogRecord[] = [];
  const logger = { emit: (record: EventLogRecord) => void records.push(record), enabled: () => isReady };
  const { stream, bridge } = rig({ loggerProvider: { getLogger: () => logger } });
  stream.event(SLOW).emit(1, 0.1);
  await bridge.forceFlush();
  expect(records).toEqual([]);
  isReady = true;
  await bridge.forceFlush();
  expect(records).toHaveLength(1);
});

test('after the shutdown of the provider events are not read into nothing', async () => {
  const loggerProvider = new LoggerProvider({
    processors: [new SimpleLogRecordProcessor({ exporter: new InMemoryLogRecordExporter() })],
  });
  const { stream, bridge } = rig({ loggerProvider });
  await loggerProvider.shutdown();
  stream.event(SLOW).emit(1, 0.1);
  await bridge.forceFlush();
  expect(bridge.statistics()).toMatchObject({ logged: 0, logRecords: 0 });
});

test('a log pipeline that emits an event for each record does not feed itself', async () => {
  const { stream, bridge } = rig({
    foldWindowMs: 0,
    loggerProvider: {
      getLogger: () => ({
        emit: () => {
          stream.event(SLOW).emit(1, 0.1);
          stream.event(SLOW).emit(2, 0.2);
        },
      }),
    },
  });
  stream.event(SLOW).emit(1, 0.1);
  for (let round = 0; round < 5; round += 1) {
    bridge.drain();
    // What the application emits between two rounds is not mistaken for it.
    stream.event(SLOW).emit(3, 0.3);
  }
  await bridge.forceFlush();
  expect(bridge.statistics()).toMatchObject({ logRecords: 6, logged: 6, ownEvents: 10, pending: 0 });
});

test('what the log pipeline emits below the limit is not held against later events', async () => {
  const { stream, bridge, exported } = rig({ foldWindowMs: 0 });
  const info = stream.event(SLOW).bind({}, Severity.INFO);
  const other = rig({
    stream,
    foldWindowMs: 0,
    loggerProvider: { getLogger: () => ({ emit: () => info.emit(1, 0.1) }) },
  });
  for (let round = 0; round < 100; round += 1) {
    stream.event(SLOW).emit(round, 0.1);
    other.bridge.drain();
    bridge.drain();
  }
  expect(other.bridge.statistics()).toMatchObject({ logged: 100, ownEvents: 0 });
  expect(exported()).toHaveLength(100);
});

test('a logger that throws harms nobody and is counted', async () => {
  const emit = (record: EventLogRecord): void => {
    throw new Error(`no ${record.eventName}`);
  };
  const { stream, bridge } = rig({ loggerProvider: { getLogger: () => ({ emit }) } });
  stream.event(SLOW).emit(1, 0.1);
  stream.event(SLOW).emit(2, 0.1);
  await expect(bridge.forceFlush()).resolves.toBeUndefined();
  expect(bridge.statistics()).toMatchObject({ failed: 2, logged: 0, logRecords: 0 });
});

test('a provider that throws harms nobody', async () => {
  const getLogger = (): never => {
    throw new Error('no logger');
  };
  const { stream, bridge } = rig({ loggerProvider: { getLogger } });
  stream.event(SLOW).emit(1, 0.1);
  expect(() => bridge.drain()).not.toThrow();
  await expect(bridge.shutdown()).resolves.toBeUndefined();
});

test('shutdown writes what is pending and ends it; a second one does nothing', async () => {
  const { stream, bridge, exported } = rig();
  stream.event(SLOW).emit(1, 0.1);
  bridge.drain();
  stream.event(SLOW).emit(2, 0.1);
  bridge.drain();
  expect(exported()).toHaveLength(1);
  await bridge.shutdown();
  expect(exported()).toHaveLength(2);
  stream.event(SLOW).emit(3, 0.1);
  bridge.drain();
  await bridge.forceFlush();
  await bridge.shutdown();
  expect(exported()).toHaveLength(2);
  expect(stream.statistics().subscribers).toHaveLength(0);
});

test('a backlog larger than one batch is read to its end, with turns of the loop in between', async () => {
  const { stream, bridge, exported } = rig({ foldWindowMs: 0, logsPerSecond: 1e6, burst: 1e6 }, 16_384);
  for (let n = 0; n < 5000; n += 1) stream.event(SLOW).emit(n, 0.1);
  bridge.drain();
  expect(exported().length).toBeLessThan(5000);
  expect(exported().length).toBeGreaterThan(0);
  while (exported().length < 5000) await new Promise((resolve) => setImmediate(resolve));
  expect(bridge.statistics()).toMatchObject({ logged: 5000, lost: 0 });
});

test('a record without a trace gets none from the code that happens to flush', async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  try {
    const { stream, bridge, exported } = rig();
    stream.event(SLOW).emit(1, 0.1);
    const spanContext = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 };
    await context.with(trace.setSpanContext(ROOT_CONTEXT, spanContext), () => {
      expect(trace.getSpanContext(context.active())).toEqual(spanContext);
      return bridge.forceFlush();
    });
    expect(exported()).toHaveLength(1);
    expect(exported()[0]?.spanContext).toBeUndefined();
  } finally {
    context.disable();
  }
});

test(`every event is accounted for, whatever comes (seed ${SEED})`, async () => {
  const step = fc.record({
    stepMs: fc.nat(3000),
    mount: fc.nat(5),
    severity: fc.constantFrom(9, 13, 17),
    times: fc.integer({ min: 1, max: 20 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.nat(4000), async (steps, foldWindowMs) => {
      const { stream, bridge, exported, pass } = rig({ foldWindowMs, logsPerSecond: 1, burst: 3, maxOpenFolds: 3 });
      let warnings = 0;
      for (const { stepMs, mount, severity, times } of steps) {
        const handle = stream.event(SLOW).bind({ 'test.mount': String(mount) }, severity);
        for (let n = 0; n < times; n += 1) handle.emit(n, 0.1);
        if (severity >= 13) warnings += times;
        bridge.drain();
        const { logged, heldBack, pending } = bridge.statistics();
        expect(logged + heldBack + pending).toBe(warnings);
        pass(stepMs);
      }
      await bridge.shutdown();
      const { logged, heldBack, lost, pending, logRecords } = bridge.statistics();
      expect({ all: logged + heldBack, lost, pending }).toEqual({ all: warnings, lost: 0, pending: 0 });
      expect(exported()).toHaveLength(logRecords);
      const told = (key: string, otherwise: number): number =>
        exported().reduce((sum, { attributes }) => sum + Number(attributes[key] ?? otherwise), 0);
      const reports = exported().filter(({ eventName }) => eventName?.startsWith('sonde.')).length;
      expect(told('sonde.event.count', 1) - reports).toBe(logged);
      expect(told('sonde.event_bridge.held_back_events', 0)).toBe(heldBack);
    }),
    { seed: SEED, numRuns: 50 },
  );
});
