import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import {
  AggregationTemporality,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  MetricReader,
  PeriodicExportingMetricReader,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import { createHotMetrics, hotMetrics } from '../src/index.ts';

const NEVER_MS = 2 ** 30;

function metricsNamed(exported: ResourceMetrics[], name: string) {
  return exported
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
    .filter((m) => m.descriptor.name === name);
}

function periodic(
  exporter: InMemoryMetricExporter,
  producer: ReturnType<ReturnType<typeof createHotMetrics>['producer']>,
) {
  return new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: NEVER_MS,
    exportTimeoutMillis: 10_000,
    metricProducers: [producer],
  });
}

test('a delta and a cumulative PeriodicExportingMetricReader of one MeterProvider export the right numbers', async () => {
  const hot = createHotMetrics();
  const [deltaExporter, totalExporter] = [
    new InMemoryMetricExporter(AggregationTemporality.DELTA),
    new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE),
  ];
  // The selector of the exporter fits as it is.
  const delta = periodic(
    deltaExporter,
    hot.producer({ temporality: (type) => deltaExporter.selectAggregationTemporality(type) }),
  );
  const total = periodic(totalExporter, hot.producer());
  const provider = new MeterProvider({ readers: [delta, total] });
  const ordinary = provider.getMeter('app').createCounter('requests');
  const [counter, histogram] = [hot.meter('m').counter('c').bind(), hot.meter('m').histogram('h').bind({ a: 1 })];
  for (let i = 1; i <= 3; i++) {
    ordinary.add(1);
    counter.add(i);
    histogram.record(i / 10);
    await delta.forceFlush();
    if (i > 1) await total.forceFlush();
  }
  await provider.shutdown();
  const values = (exporter: InMemoryMetricExporter, name: string) =>
    metricsNamed(exporter.getMetrics(), name).flatMap(({ dataPoints }) => dataPoints.map(({ value }) => value));
  expect(values(deltaExporter, 'c')).toEqual([1, 2, 3]);
  expect(values(totalExporter, 'c')).toEqual([3, 6, 6]);
  expect(values(deltaExporter, 'requests')).toEqual(expect.arrayContaining([1]));
  expect((values(deltaExporter, 'h') as Histogram[]).map(({ count }) => count)).toEqual([1, 1, 1]);
  expect((values(totalExporter, 'h') as Histogram[]).map(({ count }) => count)).toEqual([2, 3, 3]);
  const temporalities = (exporter: InMemoryMetricExporter) =>
    new Set(metricsNamed(exporter.getMetrics(), 'h').map(({ aggregationTemporality }) => aggregationTemporality));
  expect([temporalities(deltaExporter), temporalities(totalExporter)]).toEqual([
    new Set([AggregationTemporality.DELTA]),
    new Set([AggregationTemporality.CUMULATIVE]),
  ]);
});

test('the points have the fields that points of the SDK have', async () => {
  const hot = createHotMetrics();
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = periodic(exporter, hot.producer());
  const provider = new MeterProvider({ readers: [reader] });
  const meter = provider.getMeter('sdk', '1');
  const options = { unit: 's', description: 'd', advice: { explicitBucketBoundaries: [1, 2] } };
  meter.createCounter('c', options).add(1, { a: 1 });
  meter.createUpDownCounter('u', options).add(1, { a: 1 });
  meter.createGauge('g', options).record(1, { a: 1 });
  meter.createHistogram('h', options).record(1, { a: 1 });
  const own = hot.meter('hot', '1');
  const config = { unit: 's', description: 'd' };
  own.counter('c', config).bind({ a: 1 }).add(1);
  own.upDownCounter('u', config).bind({ a: 1 }).add(1);
  own.gauge('g', config).bind({ a: 1 }).set(1);
  own
    .histogram('h', { ...config, bucketBoundaries: [1, 2] })
    .bind({ a: 1 })
    .record(1);
  await reader.forceFlush();
  await provider.shutdown();
  const [exported] = exporter.getMetrics();
  const byScope = (name: string) => exported?.scopeMetrics.find(({ scope }) => scope.name === name)?.metrics ?? [];
  const comparable = (name: string) =>
    byScope(name).map(({ descriptor, dataPoints, ...rest }) => ({
      ...rest,
      descriptor: { ...descriptor, advice: undefined },
      dataPoints: dataPoints.map(({ startTime: _start, endTime: _end, ...point }) => point),
    }));
  expect(byScope('hot')).toHaveLength(4);
  expect(comparable('hot')).toEqual(comparable('sdk'));
});

test('the Prometheus exporter and the OTLP serialiser take them', async () => {
  const hot = createHotMetrics();
  const exporter = new PrometheusExporter({ preventServerStart: true, metricProducers: [hot.producer()] } as never);
  new MeterProvider({ readers: [exporter] });
  hot.meter('m').counter('fs_reads', { description: 'reads' }).bind({ operation: 'read', path: 1 }).add(3);
  hot
    .meter('m')
    .histogram('fs_duration', { bucketBoundaries: [1, 2] })
    .bind({ operation: 'read' })
    .record(1.5);
  const { resourceMetrics, errors } = await exporter.collect();
  expect(errors).toEqual([]);
  const text = new PrometheusSerializer().serialize(resourceMetrics);
  expect(text).toMatch(/fs_reads_total\{.*operation="read".*\} 3/);
  expect(text).toMatch(/fs_duration_bucket\{operation="read",.*le="2"\} 1/);
  hot
    .meter('m')
    .histogram('exp', { exponential: true })
    .bind({ list: [1, 'a'], bytes: Uint8Array.of(1), nothing: null })
    .record(1);
  const again = await exporter.collect();
  expect(ProtobufMetricsSerializer.serializeRequest(again.resourceMetrics)?.byteLength).toBeGreaterThan(100);
});

/** A reader of one producer, as small as can be. */
class PullReader extends MetricReader {
  protected onShutdown(): Promise<void> {
    return Promise.resolve();
  }
  protected onForceFlush(): Promise<void> {
    return Promise.resolve();
  }
}

test('a failing collection costs the reader nothing but itself', async () => {
  let isBroken = false;
  const hot = createHotMetrics({
    clock: {
      now: () => {
        if (isBroken) throw new Error('no clock');
        return 1;
      },
    },
  });
  const reader = new PullReader({ metricProducers: [hot.producer()] });
  new MeterProvider({ readers: [reader] }).getMeter('m').createCounter('ordinary').add(1);
  isBroken = true;
  const { resourceMetrics, errors } = await reader.collect();
  expect(metricsNamed([resourceMetrics], 'ordinary')).toHaveLength(1);
  expect(errors).toEqual([new Error('no clock')]);
});

test('every copy of the package has the same hot metrics in a thread', () => {
  const first = hotMetrics();
  expect(hotMetrics()).toBe(first);
  jest.isolateModules(() => {
    const copy = jest.requireActual<{ hotMetrics: typeof hotMetrics }>('../src/index.ts');
    expect(copy.hotMetrics).not.toBe(hotMetrics);
    expect(copy.hotMetrics()).toBe(first);
  });
  expect(createHotMetrics()).not.toBe(first);
});
