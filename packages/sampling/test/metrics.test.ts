import { hotMetrics } from '@sonde/hot-metrics';
import { TELEMETRY } from '../src/index.ts';
import { driven } from './driven-sampler.ts';

interface Point {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly value: number;
}

const producer = hotMetrics().producer();
afterAll(() => producer.close());

async function collect(): Promise<Point[]> {
  const { resourceMetrics } = await producer.collect();
  return resourceMetrics.scopeMetrics
    .filter(({ scope }) => scope.name === TELEMETRY.scope)
    .flatMap(({ metrics }) =>
      metrics.flatMap(({ descriptor, dataPoints }) =>
        dataPoints.map(({ attributes, value }) => ({ name: descriptor.name, attributes, value: value as number })),
      ),
    );
}

/** Told by the tail processor, the fleet and the governor; see their tests. */
const OF_OTHERS = /\.(tail\.|fleet\.|overhead|record_fraction$|event_thinning$|emergenc)/;

test('metrics tell of each key what describe() tells, and every metric of the sampler comes out', async () => {
  const self = driven({ tracesPerSecond: 5, metricKeys: 2, coverageMs: 0 });
  for (const name of ['first', 'second', 'third', 'fourth']) self.run(name, 1000, 2);
  const points = await collect();
  expect(new Set(points.map(({ name }) => name))).toEqual(
    new Set(
      Object.values(TELEMETRY.metrics)
        .map(({ name }) => name)
        .filter((name) => !OF_OTHERS.test(name)),
    ),
  );
  const traces = points.filter(({ name }) => name === 'sonde.sampling.traces');
  const sum = (key: string, decision?: string): number =>
    traces
      .filter(({ attributes }) => attributes['sonde.sampling.key'] === key)
      .filter(({ attributes }) => decision === undefined || attributes['sonde.sampling.decision'] === decision)
      .reduce((total, { value }) => total + value, 0);
  expect([sum('first'), sum('second'), sum('(other)'), sum('third')]).toEqual([1000, 1000, 2000, 0]);
  const { kept } = self.sampler.describe();
  expect(sum('first', 'kept') + sum('second', 'kept') + sum('(other)', 'kept')).toBe(kept);
  // Nothing is told twice or lost when the settings change, whichever budget a key belonged to.
  self.sampler.update({ maxKeys: 16, rules: [{ route: 'own', keep: { budget: 1 } }] });
  self.run('own', 500, 1);
  self.sampler.update({ rules: [] });
  self.run('first', 500, 1);
  const { seen } = self.sampler.describe();
  const after = (await collect()).filter(({ name }) => name === 'sonde.sampling.traces');
  expect([seen, after.reduce((total, { value }) => total + value, 0)]).toEqual([5000, 5000]);
  self.sampler.shutdown();
});
