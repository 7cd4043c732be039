import { createEventStream, Severity } from '@sonde/event-stream';
import { type HotMetricProducer, hotMetrics } from '@sonde/hot-metrics';
import { EventLogBridge } from '../src/event-log-bridge.ts';
import { observeEventStream } from '../src/stream-metrics.ts';

const ODD = { name: 'test.odd', category: 'process', severity: Severity.WARN, description: 'Odd.' } as const;

let producer: HotMetricProducer;

beforeEach(() => {
  producer = hotMetrics().producer({ temporality: 'delta', since: 'now' });
});

afterEach(() => {
  producer.close();
});

/** Values of this collection by metric name, and by outcome where there is one. */
async function collect(): Promise<Record<string, number>> {
  const { resourceMetrics, errors } = await producer.collect();
  expect(errors).toEqual([]);
  const values: Record<string, number> = {};
  for (const { descriptor, dataPoints } of resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics)) {
    for (const { attributes, value } of dataPoints) {
      const outcome = attributes['sonde.event_bridge.outcome'];
      values[outcome === undefined ? descriptor.name : `${descriptor.name} ${outcome}`] = value as number;
    }
  }
  return values;
}

test('the stream reports what it holds, read at the collection', async () => {
  const stream = createEventStream({ slots: 1024 });
  const stop = observeEventStream(stream);
  for (let n = 0; n < 20; n += 1) stream.event(ODD).emit();
  stream.setThinning(6);
  for (let n = 0; n < 6; n += 1) stream.event(ODD).bind({}, Severity.INFO).emit();
  expect(await collect()).toMatchObject({
    'sonde.event_stream.events': 21,
    'sonde.event_stream.events.thinned': 5,
    'sonde.event_stream.memory': stream.statistics().bytes,
    'sonde.event_stream.threads': 1,
  });
  stream.event(ODD).emit();
  expect(await collect()).toMatchObject({ 'sonde.event_stream.events': 1 });
  const subscription = stream.subscribe({ from: 'oldest' });
  expect(subscription.read()).toHaveLength(22);
  for (let n = 0; n < 2_000; n += 1) stream.event(ODD).emit();
  const read = subscription.read(5_000).length;
  expect(read).toBeGreaterThan(0);
  expect(await collect()).toMatchObject({
    'sonde.event_stream.events.consumed': 22 + read,
    'sonde.event_stream.events.overwritten': 2_000 - read,
  });
  subscription.close();
  expect((await collect())['sonde.event_stream.events.consumed'] ?? 0).toBe(0);
  stop();
  stream.event(ODD).emit();
  expect((await collect())['sonde.event_stream.events'] ?? 0).toBe(0);
});

test('observed twice, nothing counts twice; after the undo it can be observed again', async () => {
  const stream = createEventStream({ slots: 1024 });
  const stop = observeEventStream(stream);
  const stopSecond = observeEventStream(createEventStream({ slots: 1024 }));
  stream.event(ODD).emit();
  expect(await collect()).toMatchObject({ 'sonde.event_stream.threads': 1 });
  stopSecond();
  stop();
  const again = observeEventStream(stream);
  stream.event(ODD).emit();
  expect(await collect()).toMatchObject({ 'sonde.event_stream.events': 1 });
  again();
});

test('the bridge reports what became of the events', async () => {
  let isFailing = false;
  const emit = (): void => {
    if (isFailing) throw new Error('no');
  };
  const stream = createEventStream({ slots: 1024 });
  const loggerProvider = { getLogger: () => ({ emit }) };
  const bridge = new EventLogBridge({ stream, loggerProvider, logsPerSecond: 0.001, burst: 2, foldWindowMs: 0 });
  stream.event(ODD).emit();
  bridge.drain();
  isFailing = true;
  stream.event(ODD).emit();
  bridge.drain();
  for (let n = 0; n < 3; n += 1) stream.event(ODD).emit();
  bridge.drain();
  const values = await collect();
  await bridge.shutdown();
  expect(values).toMatchObject({
    'sonde.event_bridge.events logged': 1,
    'sonde.event_bridge.events failed': 1,
    'sonde.event_bridge.events held_back': 3,
    'sonde.event_bridge.log_records': 1,
  });
});
