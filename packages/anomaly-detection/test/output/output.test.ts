import { logs } from '@opentelemetry/api';
import { LoggerProvider, type ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { eventStream } from '@sonde/event-stream';
import { hotMetrics } from '@sonde/hot-metrics';
import { TELEMETRY } from '../../src/index.ts';
import { attributesOf } from '../../src/output/anomaly-log.ts';
import { type Rig, rig } from '../rig.ts';

const records: ReadableLogRecord[] = [];
const nothing = async (): Promise<void> => {};

beforeAll(() => {
  const processor = {
    onEmit: (record: ReadableLogRecord) => void records.push(record),
    forceFlush: nothing,
    shutdown: nothing,
  };
  logs.setGlobalLoggerProvider(new LoggerProvider({ processors: [processor] }));
});
afterAll(() => logs.disable());

async function storm(): Promise<Rig> {
  const self = rig({ sampleMemory: false });
  const calls = self.meter.createCounter('shop.calls');
  const look = (failing: number): void => {
    calls.add(20 - failing, { 'shop.area': 'toys' });
    if (failing > 0) calls.add(failing, { 'shop.area': 'toys', 'error.type': 'timeout' });
  };
  await self.run(30, () => look(0));
  await self.run(10, () => look(8));
  await self.run(40, () => look(0));
  return self;
}

test('an anomaly is a log record with all that is known, an event of the stream, and counted; so is its end', async () => {
  const producer = hotMetrics().producer();
  const events = eventStream().subscribe({ filter: { name: 'sonde.anomaly' } });
  const self = await storm();
  expect(records.map(({ eventName, severityText }) => [eventName, severityText])).toEqual([
    ['sonde.anomaly', 'WARN'],
    ['sonde.anomaly', 'INFO'],
  ]);
  expect(records[0]?.body).toBe(self.told[0]?.message);
  expect(records[0]?.attributes).toMatchObject({
    'sonde.anomaly.series': 'shop.calls{shop.area=toys} error_share',
    'sonde.anomaly.state': 'started',
    'sonde.anomaly.source': 'metric',
    'sonde.anomaly.direction': 'up',
    'sonde.anomaly.onset': self.told[0]?.onsetMs,
    'sonde.anomaly.expected.low': 0,
    'sonde.anomaly.expected.high': 0.025,
    'sonde.anomaly.moved_together': [],
  });
  expect(records[1]?.attributes['sonde.anomaly.duration']).toBeGreaterThan(9);
  const told = events.read();
  events.close();
  expect(told.map(({ severity, labels }) => [severity, labels['sonde.anomaly.source']])).toEqual([
    [13, 'metric'],
    [9, 'metric'],
  ]);
  expect(told[0]?.text).toBe(self.told[0]?.message);
  const { resourceMetrics } = await producer.collect();
  producer.close();
  const metrics = resourceMetrics.scopeMetrics.find(({ scope }) => scope.name === TELEMETRY.scope)?.metrics ?? [];
  const value = (name: string): unknown =>
    metrics.find(({ descriptor }) => descriptor.name === name)?.dataPoints[0]?.value;
  expect(value('sonde.anomaly.count')).toBe(1);
  expect(value('sonde.anomaly.score')).toBe(0);
  expect(value('sonde.anomaly.series')).toBe(1);
});

test('every attribute of a log record is in the vocabulary, and numbers that are none are left out', async () => {
  const { told } = await storm();
  const known = new Set<string>(Object.values(TELEMETRY.attributes).map(({ name }) => name));
  for (const anomaly of told) {
    const attributes = attributesOf({ ...anomaly, peak: Number.NaN });
    expect(Object.keys(attributes).filter((name) => !known.has(name))).toEqual([]);
    expect(attributes).not.toHaveProperty(['sonde.anomaly.peak']);
  }
});

test.each([5, null, 'x', undefined, {}])('a listener that is no function is refused: %p', (listener) => {
  const { detection } = rig();
  expect(() => detection.onAnomaly(listener as never)).toThrow(TypeError);
  expect(() => detection.onAnomaly(listener as never)).toThrow('onAnomaly: listener must be a function, got ');
});
