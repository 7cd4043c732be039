import { type MeterProvider as ApiMeterProvider, createNoopMeter } from '@opentelemetry/api';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { createHotMetrics } from '../src/index.ts';
import { captureDiag } from './diag-log.ts';
import { histogram, ManualClock, metric, only, points, valuesBy } from './reading.ts';

const said = captureDiag();

class PullReader extends MetricReader {
  protected onShutdown(): Promise<void> {
    return Promise.resolve();
  }
  protected onForceFlush(): Promise<void> {
    return Promise.resolve();
  }
}

function sdk(temporality = 1) {
  const reader = new PullReader({ aggregationTemporalitySelector: () => temporality });
  return { reader, provider: new MeterProvider({ readers: [reader] }) };
}

test('without a producer, values are recorded into ordinary instruments, and that is said once', async () => {
  const hot = createHotMetrics();
  const { reader, provider } = sdk();
  const meter = hot.meter('m', '1');
  const early = meter.counter('c', { unit: 'By', description: 'bytes' }).bind({ n: 1 });
  hot.useMeterProvider(provider);
  hot.useMeterProvider(provider);
  early.add(1);
  early.advanceTo(4);
  meter.counter('c').bind({ n: 2 }).add(2);
  meter.upDownCounter('u').bind().add(-3);
  meter.gauge('g').bind().set(4);
  meter
    .histogram('h', { bucketBoundaries: [1, 2] })
    .bind()
    .record(1.5);
  meter.histogram('e', { exponential: true, exemplars: true }).bind().record(0.1);
  const result = await reader.collect();
  expect(valuesBy(result, 'c', 'n')).toEqual({ 1: 5, 2: 2 });
  expect(metric(result, 'c')?.descriptor).toMatchObject({ unit: 'By', description: 'bytes' });
  expect(only(result, 'u')).toBe(-3);
  expect(only(result, 'g')).toBe(4);
  expect(histogram(result, 'h')).toMatchObject({ buckets: { boundaries: [1, 2], counts: [0, 1, 0] }, sum: 1.5 });
  expect(histogram(result, 'e')).toMatchObject({
    count: 1,
    buckets: { boundaries: expect.arrayContaining([0.00001, 10]) },
  });
  expect(result.resourceMetrics.scopeMetrics[0]?.scope).toMatchObject({ name: 'm', version: '1' });
  expect(said.infos).toEqual([
    'hot-metrics: no reader has a hot-metrics producer, so values are recorded into ordinary OpenTelemetry instruments of the given MeterProvider',
  ]);
  expect(said.warnings).toEqual([]);
});

test('handles follow in both directions without being bound again, and nothing is counted twice', async () => {
  const clock = new ManualClock();
  const hot = createHotMetrics({ clock });
  const { reader, provider } = sdk();
  const [counter, gauge] = [hot.meter('m').counter('c').bind(), hot.meter('m').gauge('g').bind()];
  hot.useMeterProvider(provider);
  counter.add(1);
  gauge.set(1);
  clock.advance(1000);
  const attachedAt = clock.time;
  const producer = hot.producer();
  expect(points(await producer.collect(), 'c')).toEqual([]);
  counter.add(10);
  gauge.set(2);
  clock.advance(1000);
  const native = await producer.collect();
  expect([only(native, 'c'), only(native, 'g')]).toEqual([10, 2]);
  // Handles bound before any provider was given recorded into their cells from the start.
  expect(points(native, 'c')[0]?.startTime[0]).toBe(Math.floor((attachedAt - 1000) / 1000));
  producer.close();
  counter.add(100);
  gauge.set(3);
  const ordinary = await reader.collect();
  expect([only(ordinary, 'c'), only(ordinary, 'g')]).toEqual([101, 3]);
  const again = hot.producer();
  counter.add(1000);
  expect(only(await again.collect(), 'c')).toBe(1010);
  expect(only(await reader.collect(), 'c')).toBe(101);
  expect(said.infos).toHaveLength(1);
});

test('a series that was first recorded by ordinary instruments begins natively when a producer comes', async () => {
  const clock = new ManualClock();
  const hot = createHotMetrics({ clock });
  hot.useMeterProvider(sdk().provider);
  const counter = hot.meter('m').counter('c').bind();
  counter.add(1);
  clock.advance(5000);
  const producer = hot.producer();
  const attachedAt = clock.time;
  counter.add(1);
  clock.advance(1000);
  expect(points(await producer.collect(), 'c')).toMatchObject([{ value: 1, startTime: [attachedAt / 1000, 0] }]);
});

test('with a producer there, a provider is only remembered', async () => {
  const hot = createHotMetrics();
  const { reader, provider } = sdk();
  const producer = hot.producer();
  hot.useMeterProvider(provider);
  const counter = hot.meter('m').counter('c').bind();
  counter.add(1);
  expect(only(await producer.collect(), 'c')).toBe(1);
  expect(points(await reader.collect(), 'c')).toEqual([]);
  expect(said.infos).toEqual([]);
  producer.close();
  counter.add(1);
  expect(only(await reader.collect(), 'c')).toBe(1);
});

test('the memory of a thread that another one collects is written, whatever provider there is', async () => {
  const main = createHotMetrics({ threadId: 0 });
  const producer = main.producer();
  const thread = createHotMetrics({ threadId: 1 });
  thread.useMeterProvider(sdk().provider);
  const remove = thread.onBlock((descriptor) => main.attach(descriptor));
  const counter = thread.meter('m').counter('c').bind();
  counter.add(1);
  expect(only(await producer.collect(), 'c')).toBe(1);
  remove();
  counter.add(1);
  expect(only(await producer.collect(), 'c')).toBe(1);
});

test('the provider can be taken away and replaced', async () => {
  const hot = createHotMetrics();
  const [one, two] = [sdk(), sdk()];
  const counter = hot.meter('m').counter('c').bind();
  hot.useMeterProvider(one.provider);
  counter.add(1);
  hot.useMeterProvider(two.provider);
  counter.add(10);
  hot.useMeterProvider(undefined);
  counter.add(100);
  expect(only(await one.reader.collect(), 'c')).toBe(1);
  expect(only(await two.reader.collect(), 'c')).toBe(10);
  expect(only(await hot.producer().collect(), 'c')).toBe(100);
});

test('sampled values are read when a reader of the provider collects', async () => {
  const hot = createHotMetrics();
  const { reader, provider } = sdk();
  const gauge = hot.meter('m').gauge('g').bind();
  let samples = 0;
  hot.meter('m').observe(async () => {
    samples++;
    await null;
    gauge.set(samples);
  });
  hot.useMeterProvider(provider);
  expect(only(await reader.collect(), 'g')).toBe(1);
  const result = await reader.collect();
  expect(only(result, 'g')).toBe(2);
  expect(metric(result, 'sonde.hot_metrics.collection')).toBeUndefined();
  const producer = hot.producer();
  await reader.collect();
  expect(samples).toBe(2);
  await producer.collect();
  expect(samples).toBe(3);
  producer.close();
  const other = sdk();
  hot.useMeterProvider(other.provider);
  await reader.collect();
  expect(samples).toBe(3);
  await other.reader.collect();
  expect(samples).toBe(4);
  hot.useMeterProvider(undefined);
  await other.reader.collect();
  expect(samples).toBe(4);
});

test('values are checked before they reach an ordinary instrument', async () => {
  const hot = createHotMetrics();
  const { reader, provider } = sdk();
  hot.useMeterProvider(provider);
  const meter = hot.meter('m');
  meter.counter('c').bind().add(-1);
  meter.histogram('h').bind().record(Number.POSITIVE_INFINITY);
  meter.gauge('g').bind().set(Number.NaN);
  expect((await reader.collect()).resourceMetrics.scopeMetrics).toEqual([]);
  expect(hot.statistics().rejected).toBe(3);
});

test('the cardinality bound holds for ordinary instruments too', async () => {
  const hot = createHotMetrics();
  const { reader, provider } = sdk();
  hot.useMeterProvider(provider);
  const counter = hot.meter('m').counter('c', { cardinalityLimit: 3 });
  for (let i = 0; i < 10; i++) counter.bind({ i }).add(1);
  expect(valuesBy(await reader.collect(), 'c', 'otel.metric.overflow')).toMatchObject({ true: 8 });
});

describe('a provider that misbehaves', () => {
  test('by throwing when it is asked for instruments is said once; values go to the cells', async () => {
    const hot = createHotMetrics();
    const broken = {
      getMeter: () => {
        throw new Error('not today');
      },
    } as unknown as ApiMeterProvider;
    hot.useMeterProvider(broken);
    const counter = hot.meter('m').counter('c').bind();
    counter.add(2);
    expect(only(await hot.producer().collect(), 'c')).toBe(2);
    expect(said.warnings).toEqual(['hot-metrics: the given MeterProvider failed: not today']);
  });

  test('by throwing when it records is said once per instrument', () => {
    const hot = createHotMetrics();
    const fail = () => {
      throw new Error('full');
    };
    const instrument = { add: fail, record: fail };
    const meter = Object.assign(createNoopMeter(), {
      createCounter: () => instrument,
      createUpDownCounter: () => instrument,
      createGauge: () => instrument,
      createHistogram: () => instrument,
    });
    hot.useMeterProvider({ getMeter: () => meter });
    const own = hot.meter('m');
    for (let i = 0; i < 2; i++) {
      own.counter('c').bind().add(1);
      own.upDownCounter('u').bind().add(1);
      own.gauge('g').bind().set(1);
      own.histogram('h').bind().record(1);
    }
    expect(said.warnings).toEqual([
      'counter c: recording failed: full',
      'updowncounter u: recording failed: full',
      'gauge g: recording failed: full',
      'histogram h: recording failed: full',
    ]);
  });
});
