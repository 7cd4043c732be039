import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { createEventStream, Severity } from '@sonde/event-stream';
import { EventLogBridge } from '../src/event-log-bridge.ts';
import { flushFirst } from '../src/flush-first.ts';

class Provider {
  readonly calls: string[] = [];
  async forceFlush(timeoutMs?: number): Promise<string> {
    this.calls.push(`forceFlush ${timeoutMs}`);
    return 'flushed';
  }
  async shutdown(): Promise<void> {
    this.calls.push('shutdown');
  }
}

test('the flush comes before that of the provider, whose arguments and answer stay', async () => {
  const provider = new Provider();
  flushFirst(provider, () => provider.calls.push('ours'));
  await expect(provider.forceFlush(7)).resolves.toBe('flushed');
  await provider.shutdown();
  expect(provider.calls).toEqual(['ours', 'forceFlush 7', 'ours', 'shutdown']);
});

test('the undo leaves the provider as it was, and other providers never change', () => {
  const provider = new Provider();
  const undo = flushFirst(provider, () => undefined);
  expect(new Provider().shutdown).toBe(Provider.prototype.shutdown);
  undo();
  expect(Object.keys(Object.getOwnPropertyDescriptors(provider))).toEqual(['calls']);
  const literal = { shutdown: (): void => undefined };
  const { shutdown } = literal;
  flushFirst(literal, () => undefined)();
  expect(literal).toEqual({ shutdown });
});

test('a wrapper that somebody laid over it outlives the undo, without the flush', async () => {
  const provider = new Provider();
  const undo = flushFirst(provider, () => provider.calls.push('ours'));
  const inner = provider.shutdown;
  const outer = (): Promise<void> => Reflect.apply(inner, provider, []);
  provider.shutdown = outer;
  undo();
  expect(provider.shutdown).toBe(outer);
  await provider.shutdown();
  expect(provider.calls).toEqual(['shutdown']);
});

test('a provider that cannot be changed, or has nothing to flush, stays as it is', () => {
  const frozen = Object.freeze({ shutdown: (): string => 'done' });
  flushFirst(frozen, () => {
    throw new Error('not called');
  })();
  expect(frozen.shutdown()).toBe('done');
  expect(flushFirst({}, () => undefined)).not.toThrow();
});

test.each(['forceFlush', 'shutdown'] as const)(
  'the %s of the logger provider exports what the bridge still folds',
  async (method) => {
    const exporter = new InMemoryLogRecordExporter();
    const exported: string[] = [];
    exporter.export = (records, done) => {
      exported.push(...records.map(({ eventName }) => eventName ?? ''));
      done({ code: 0 });
    };
    const loggerProvider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] });
    const stream = createEventStream({ slots: 1024, now: () => 0, timeOriginMs: 1_700_000_000_000 });
    const bridge = new EventLogBridge({ stream, loggerProvider, intervalMs: 60_000 });
    const description = 'Something that somebody should hear of.';
    stream.event({ name: 'test.last', category: 'process', severity: Severity.WARN, description }).emit(1);
    await loggerProvider[method]();
    expect(exported).toEqual(['test.last']);
    await bridge.shutdown();
    expect(Object.hasOwn(loggerProvider, method)).toBe(false);
  },
);
