import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hotMetrics } from '@sonde/hot-metrics';
import { GOVERNOR_DEFAULTS, TELEMETRY } from '../../src/index.ts';
import { SEED } from '../seed.ts';
import { application } from './application.ts';

test('every metric of the governor is told', async () => {
  const producer = hotMetrics().producer();
  const app = application({ seed: SEED, sampler: { tracesPerSecond: 1 } });
  for (let i = 0; i < 30; i += 1) app.second(900);
  app.state.heap = 1;
  app.second(900);
  const { resourceMetrics } = await producer.collect();
  const value = (name: string): unknown =>
    resourceMetrics.scopeMetrics
      .filter(({ scope }) => scope.name === TELEMETRY.scope)
      .flatMap(({ metrics }) => metrics)
      .find(({ descriptor }) => descriptor.name === name)
      ?.dataPoints.at(-1)?.value;
  const state = app.governor.describe();
  expect(value('sonde.sampling.overhead')).toBe(state.overhead);
  expect(value('sonde.sampling.overhead.target')).toBe(0.01);
  expect(value('sonde.sampling.overhead.unreachable')).toBe(0);
  expect(value('sonde.sampling.record_fraction')).toBe(state.recordFraction);
  expect(value('sonde.sampling.event_thinning')).toBe(1);
  expect(value('sonde.sampling.emergency')).toBe(1);
  expect(value('sonde.sampling.emergencies')).toBe(1);
  app.governor.shutdown();
  producer.close();
});

test("the README states the governor's defaults", () => {
  const readme = readFileSync(join(__dirname, '..', '..', 'README.md'), 'utf8');
  for (const [option, value] of Object.entries(GOVERNOR_DEFAULTS)) {
    expect(readme).toMatch(new RegExp(`^\\| \`${option}\` .*\\| \`${value}\` +\\|$`, 'm'));
  }
});
