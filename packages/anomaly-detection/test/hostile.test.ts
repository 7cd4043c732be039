import fc from 'fast-check';
import { createAnomalyDetection } from '../src/index.ts';
import type { MetricRecord } from '../src/series/metric-data.ts';
import { rig } from './rig.ts';
import { runs } from './seed.ts';

const number = fc.oneof(
  fc.double(),
  fc.constantFrom(0, -1, 1, 5e-324, 1e308, Number.MAX_SAFE_INTEGER, Number.NaN, Number.POSITIVE_INFINITY, -Infinity),
);
const key = fc.oneof(
  fc.string(),
  fc.constantFrom('__proto__', 'constructor', 'error.type', 'status', '\ud800', '\u0000'),
);
const attributes = fc.dictionary(
  key,
  fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.bigInt()),
  {
    maxKeys: 4,
    noNullPrototype: false,
  },
);
const explicit = fc.record({
  count: number,
  sum: fc.option(number, { nil: undefined }),
  buckets: fc.record({ boundaries: fc.array(number, { maxLength: 5 }), counts: fc.array(number, { maxLength: 8 }) }),
});
const exponential = fc.record({
  count: number,
  sum: number,
  scale: fc.integer({ min: -10, max: 20 }),
  zeroCount: number,
  positive: fc.record({
    offset: fc.integer({ min: -1100, max: 1100 }),
    bucketCounts: fc.array(number, { maxLength: 8 }),
  }),
});
const metric = fc.record({
  descriptor: fc.record({
    name: fc.oneof(
      fc.constantFrom('a', 'http.server.request.duration', 'process.memory.usage', '__proto__'),
      fc.string(),
    ),
    unit: fc.constantFrom('', 's', 'By', '1'),
  }),
  aggregationTemporality: fc.constantFrom(0, 1),
  dataPointType: fc.constantFrom(0, 1, 2, 3),
  isMonotonic: fc.boolean(),
  dataPoints: fc.array(fc.record({ attributes, value: fc.oneof(number, explicit, exponential) }), { maxLength: 6 }),
});

/** A detection that reads what it is given, at times that are given. */
function fed(config = {}) {
  let nowMs = 0;
  let metrics: readonly MetricRecord[] = [];
  const detection = createAnomalyDetection(
    { intervalMs: 1000, hotMetrics: 'never', watchEvents: false, warmUpMs: 0, ...config },
    { now: () => nowMs, every: () => () => {} },
  );
  detection.metricReader.setMetricProducer({
    collect: async () =>
      ({ resourceMetrics: { scopeMetrics: [{ scope: { name: 'x' }, metrics }] }, errors: [] }) as never,
  });
  return {
    detection,
    async look(atMs: number, what: readonly MetricRecord[]): Promise<void> {
      nowMs = atMs;
      metrics = what;
      await detection.look();
    },
  };
}

test('metrics of any shape, at times that stand still and go back, never throw and stay within bounds', async () => {
  const step = fc.tuple(fc.oneof(fc.integer({ min: -5000, max: 5000 }), number), fc.array(metric, { maxLength: 3 }));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
      const self = fed({ maxSeries: 5 });
      let nowMs = 1.7e12;
      for (const [aheadMs, metrics] of steps) {
        nowMs += Number.isFinite(aheadMs) ? Math.min(aheadMs, 1e6) : 0;
        await self.look(nowMs, metrics as never);
      }
      expect(typeof self.detection.explain('*')).toBe('string');
      expect(self.detection.baseline().version).toBe(1);
    }),
    runs(150),
  );
});

function counter(value: number, attributes: Record<string, unknown> = {}): MetricRecord {
  return {
    descriptor: { name: 'shop.orders', unit: '{order}' },
    aggregationTemporality: 1,
    dataPointType: 3,
    isMonotonic: true,
    dataPoints: [{ attributes, value }],
  };
}

test('a counter that starts anew counts from 0, and one that is negative says nothing', async () => {
  const self = fed();
  const rateAt = async (second: number, value: number): Promise<string> => {
    await self.look(1000 * second, [counter(value)]);
    return /has a rate of (\S+)/.exec(self.detection.explain('shop.orders'))?.[1] ?? 'none';
  };
  await rateAt(1, 1000);
  expect(await rateAt(2, 1010)).toBe('10');
  expect(await rateAt(3, 4)).toBe('4');
  expect(await rateAt(4, 14)).toBe('10');
  expect(await rateAt(5, -5)).toBe('none');
  expect(await rateAt(6, Number.NaN)).toBe('none');
  expect(await rateAt(7, 44)).toBe('30');
});

test('a million series that come and go leave those alone that are there, and no more than the bound is held', async () => {
  const self = fed({ maxSeries: 100 });
  const lasting = Array.from({ length: 50 }, (_, i) => counter(1, { lasting: i }));
  const perLook = 20_000;
  let before = 0;
  for (let look = 1; look <= 50; look++) {
    const points = Array.from({ length: perLook }, (_, i) => ({ attributes: { id: look * perLook + i }, value: look }));
    await self.look(1000 * look, [...lasting, { ...counter(1), dataPoints: points }]);
    if (look === 10) before = process.memoryUsage().heapUsed;
  }
  for (let i = 0; i < 50; i++) expect(self.detection.explain(`shop.orders{lasting=${i}} rate`)).toMatch(/constant at/);
  expect(self.detection.explain('shop.orders').split('\n')).toHaveLength(100);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(200e6);
});

test('attributes such as __proto__ are series of their own and reach nothing else', async () => {
  const self = rig();
  const orders = self.meter.createCounter('shop.orders');
  await self.run(3, () => orders.add(1, JSON.parse('{"__proto__":"x","constructor":"y"}')));
  expect(self.detection.explain('shop.orders*')).toContain('shop.orders{__proto__=x,constructor=y} (rate)');
  expect(({} as Record<string, unknown>).x).toBeUndefined();
});

test('a series that is told no more is gone: nothing is expected of it, and nothing is told', async () => {
  const self = fed();
  const gauge = (value: number): MetricRecord => ({ ...counter(value), dataPointType: 2, isMonotonic: false });
  const told: unknown[] = [];
  self.detection.onAnomaly((anomaly) => told.push(anomaly));
  for (let look = 1; look < 300; look++) await self.look(1000 * look, [gauge(100 + (look % 7))]);
  for (let look = 300; look < 400; look++) await self.look(1000 * look, []);
  expect(told).toEqual([]);
  expect(self.detection.explain('shop.orders')).toMatch(/tells nothing now/);
});
