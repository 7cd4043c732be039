import { createNoopMeter } from '@opentelemetry/api';
import type { DataPoint, Histogram } from '@opentelemetry/sdk-metrics';
import { hotMetrics } from '@sonde/hot-metrics';
import { hotMeterProvider } from '../src/hot-meter-provider.ts';

async function pointsOf(name: string): Promise<DataPoint<Histogram>[]> {
  const producer = hotMetrics().producer();
  const { resourceMetrics } = await producer.collect();
  producer.close();
  const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  return (metrics.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? []) as DataPoint<Histogram>[];
}

describe('the meter provider over hot metrics', () => {
  it('records histograms with scope, unit, boundaries and attributes as the SDK does', async () => {
    const histogram = hotMeterProvider.getMeter('some-scope', '1.2.3').createHistogram('request.duration', {
      unit: 's',
      description: 'Duration of requests.',
      advice: { explicitBucketBoundaries: [0.1, 1] },
    });
    histogram.record(0.05, { method: 'GET', status: 200 });
    histogram.record(0.5, { method: 'GET', status: 200 });
    histogram.record(5, { method: 'POST', status: 200 });
    const producer = hotMetrics().producer();
    const { resourceMetrics } = await producer.collect();
    producer.close();
    const scope = resourceMetrics.scopeMetrics.find((each) => each.scope.name === 'some-scope');
    expect(scope).toMatchObject({
      scope: { version: '1.2.3' },
      metrics: [{ descriptor: { name: 'request.duration', unit: 's', description: 'Duration of requests.' } }],
    });
    expect(await pointsOf('request.duration')).toMatchObject([
      { attributes: { method: 'GET', status: 200 }, value: { count: 2, sum: 0.55, buckets: { counts: [1, 1, 0] } } },
      { attributes: { method: 'POST', status: 200 }, value: { count: 1, sum: 5, buckets: { counts: [0, 0, 1] } } },
    ]);
  });

  it('tells values apart that are written alike, and finds attributes again in another order', async () => {
    const histogram = hotMeterProvider.getMeter('a').createHistogram('alike');
    histogram.record(1, { port: 80 });
    histogram.record(1, { port: '80' });
    histogram.record(1, { a: 'x', b: 'y' });
    histogram.record(1, { b: 'y', a: 'x' });
    histogram.record(1, { a: 'x\u0001b\0y' });
    histogram.record(1);
    const points = await pointsOf('alike');
    expect(points.map(({ attributes, value }) => [JSON.stringify(attributes), value.count])).toEqual(
      expect.arrayContaining([
        ['{"port":80}', 1],
        ['{"port":"80"}', 1],
        ['{"a":"x","b":"y"}', 2],
        ['{}', 1],
      ]),
    );
    expect(points.reduce((sum, { value }) => sum + value.count, 0)).toBe(6);
  });

  it('stays bounded and exact for any number of attribute sets', async () => {
    const histogram = hotMeterProvider.getMeter('b').createHistogram('many');
    for (let index = 0; index < 5000; index += 1) histogram.record(1, { id: index });
    const points = await pointsOf('many');
    expect(points.length).toBeLessThanOrEqual(2000);
    expect(points.reduce((sum, { value }) => sum + value.count, 0)).toBe(5000);
  });

  it('makes no other instrument, and leaves the no-op meter of the API as it is', () => {
    const meter = hotMeterProvider.getMeter('c');
    meter.createCounter('ignored').add(1);
    meter.createObservableGauge('ignored too').addCallback(() => {});
    expect(Object.hasOwn(createNoopMeter(), 'createHistogram')).toBe(false);
  });
});
