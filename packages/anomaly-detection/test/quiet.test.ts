import { FAMILIES } from '../../statistics/test/families.ts';
import { random } from '../../statistics/test/seed.ts';
import { createAnomalyDetection } from '../src/index.ts';
import type { MetricPoint } from '../src/series/metric-data.ts';
import { IS_LONG, SEED } from './seed.ts';

// long: 24 hours of 1,000 stationary series of five families at 10 s: at most one anomaly is told, memory stays flat
const SERIES = IS_LONG ? 1000 : 50;
const LOOKS = IS_LONG ? 8640 : 1500;
const INTERVAL_MS = 10_000;

/** Chance of one seed. */
function chance(seed: number) {
  const next = random(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  const poisson = (mean: number): number => {
    if (mean > 50) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
    let product = next();
    let count = 0;
    for (const limit = Math.exp(-mean); product > limit; product *= next()) count++;
    return count;
  };
  return { next, normal, poisson };
}

test('stationary series of five families raise at most one anomaly a day', async () => {
  let nowMs = Date.UTC(2026, 0, 5);
  const detection = createAnomalyDetection(
    { intervalMs: INTERVAL_MS, hotMetrics: 'never', watchEvents: false, sampleMemory: false, maxPerHour: 1000 },
    { now: () => nowMs, every: () => () => {}, runQueueMs: () => 0 },
  );
  const told: string[] = [];
  detection.onAnomaly(({ state, message }) => {
    if (state === 'started') told.push(message);
  });
  const families = Object.entries(FAMILIES);
  const series = Array.from({ length: SERIES }, (_, i) => {
    const [name, create] = families[i % families.length] as (typeof families)[number];
    const point = { attributes: { family: name, series: i }, value: 0 };
    return { point, valueAt: create(chance(SEED + i)) };
  });
  const dataPoints: readonly MetricPoint[] = series.map(({ point }) => point);
  const metric = {
    descriptor: { name: 'test.level', unit: '' },
    aggregationTemporality: 1,
    dataPointType: 2,
    dataPoints,
  };
  const scopeMetrics = [{ scope: { name: 'test' }, metrics: [metric] }];
  detection.metricReader.setMetricProducer({
    collect: async () => ({ resourceMetrics: { scopeMetrics }, errors: [] }) as never,
  });
  let heap = 0;
  for (let look = 0; look < LOOKS; look++) {
    nowMs += INTERVAL_MS;
    for (const { point, valueAt } of series) point.value = valueAt(nowMs);
    await detection.look();
    if (look === Math.floor(LOOKS / 2)) heap = process.memoryUsage().heapUsed;
  }
  const growth = (process.memoryUsage().heapUsed - heap) / 2 ** 20;
  console.log(`seed ${SEED}: ${SERIES} series, ${LOOKS} looks, ${told.length} told, heap ${growth.toFixed(1)} MiB`);
  expect(told.length).toBeLessThanOrEqual(1);
  expect(growth).toBeLessThan(100);
}, 3_600_000);
