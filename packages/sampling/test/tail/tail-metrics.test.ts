import { hotMetrics } from '@sonde/hot-metrics';
import { TELEMETRY } from '../../src/index.ts';
import { application } from './application.ts';

const producer = hotMetrics().producer();
afterAll(() => producer.close());

async function collect(): Promise<Record<string, number>> {
  const { resourceMetrics } = await producer.collect();
  const points = resourceMetrics.scopeMetrics
    .filter(({ scope }) => scope.name === TELEMETRY.scope)
    .flatMap(({ metrics }) =>
      metrics.flatMap(({ descriptor, dataPoints }) =>
        dataPoints.map(({ attributes, value }) => {
          const of = [attributes['sonde.sampling.reason'], attributes['sonde.sampling.decision']];
          return [[descriptor.name.replace('sonde.sampling.', ''), ...of.filter(Boolean)].join(' '), value] as const;
        }),
      ),
    );
  return Object.fromEntries(points.filter(([name]) => name.startsWith('tail.'))) as Record<string, number>;
}

test('metrics tell what describe() tells, of all tail processors together, and every one of the table comes out', async () => {
  const apps = [application({ tail: { maxBytes: 10_000 } }), application({ tail: { maxBytes: 10_000 } })];
  for (const app of apps) {
    app.request('normal', { part: 0.5 });
    app.request('normal', { part: 0.999 });
    app.request('failed', { part: 0.5, isError: true });
    const late = app.begin('late', 0.999);
    const child = app.below(late, 'child');
    late.end();
    app.pass(2000);
    child.end();
    for (let i = 0; i < 20; i += 1) app.below(app.begin('open', i % 2 === 0 ? 0.5 : 0.999), 'child').end();
  }
  const [one, two] = apps.map(({ tail }) => tail.describe());
  const told = await collect();
  expect(told).toMatchObject({
    'tail.traces normal kept': 4,
    'tail.traces normal dropped': 2,
    'tail.traces error kept': 2,
    'tail.traces error dropped': 0,
    'tail.late_spans kept': 2,
    'tail.evictions kept': (one?.evicted.kept ?? 0) + (two?.evicted.kept ?? 0),
    'tail.evictions dropped': (one?.evicted.dropped ?? 0) + (two?.evicted.dropped ?? 0),
    'tail.spans': two?.held.spans,
    'tail.memory': two?.held.bytes,
  });
  expect(told['tail.evictions kept']).toBeGreaterThan(0);
  expect(told['tail.memory']).toBeGreaterThan(0);
  const names = Object.values(TELEMETRY.metrics).map(({ name }) => name.replace('sonde.sampling.', ''));
  const missing = names.filter(
    (name) => name.startsWith('tail.') && !Object.keys(told).some((key) => key.startsWith(name)),
  );
  expect(missing).toEqual([]);
  // Told once.
  for (const app of apps) await app.tail.shutdown();
  expect((await collect())['tail.traces error kept']).toBe(2);
});
