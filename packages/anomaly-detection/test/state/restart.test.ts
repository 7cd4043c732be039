import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { random } from '../../../statistics/test/seed.ts';
import { BOUNDARIES, type Rig, rig } from '../rig.ts';
import { runs } from '../seed.ts';

const folder = mkdtempSync(join(tmpdir(), 'sonde-state-'));
afterAll(() => rmSync(folder, { recursive: true }));
const options = { unit: 's', advice: { explicitBucketBoundaries: BOUNDARIES } };

/** A process with a noisy gauge and a route, at 10 s. */
function life(self: Rig, next: () => number) {
  const level = self.meter.createGauge('shop.level');
  const requests = self.meter.createHistogram('http.server.request.duration', options);
  return (raised = 0, failing = 0): void => {
    level.record(100 + raised + 5 * next());
    for (let i = 0; i < 12; i++) {
      const status = i < failing ? 500 : 200;
      requests.record(0.02 + 0.03 * next(), { 'http.route': '/users', 'http.response.status_code': status });
    }
  };
}

test('after a restart there is neither a burst of false alarms nor blindness', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.integer({ min: 0, max: 86_400_000 }), async (seed, goneMs) => {
      const next = random(seed);
      const path = join(mkdtempSync(join(folder, 'run-')), 'state');
      const former = rig({ intervalMs: 10_000, statePath: path, sampleMemory: false });
      const live = life(former, next);
      await former.run(700, () => live(0, next() < 0.1 ? 1 : 0));
      await former.detection.shutdown();
      const latter = rig({ intervalMs: 10_000, statePath: path, sampleMemory: false }, former.nowMs + goneMs);
      const goOn = life(latter, next);
      await latter.run(30, () => goOn(0, next() < 0.1 ? 1 : 0));
      expect(latter.told).toEqual([]);
      await latter.run(12, () => goOn(80, 6));
      const found = latter.told.flatMap(({ series, folded }) => [series, ...folded]);
      expect(found).toContain('shop.level value');
      expect(found).toContain('http.server.request.duration{http.route=/users} error_share');
    }),
    runs(5),
  );
});

test('a saved state is for its owner only, and one that is broken is left out line by line', async () => {
  const path = join(folder, 'broken');
  const former = rig({ intervalMs: 10_000 });
  const live = life(former, random(1));
  await former.run(100, () => live());
  await former.detection.saveState(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const lines = readFileSync(path, 'utf8').split('\n');
  expect(lines.length).toBeGreaterThan(2);
  writeFileSync(
    path,
    [...lines.slice(0, 2), '{"series":', '{"operation":"x","kind":1,"latency":7}', 'null'].join('\n'),
  );
  expect(rig().detection.restore(path)).toBe(true);
  writeFileSync(path, lines.slice(1).join('\n'));
  expect(rig().detection.restore(path)).toBe(false);
  expect(rig().detection.restore(join(folder, 'absent'))).toBe(false);
});

test('signals of a state may hold anything', async () => {
  const path = join(folder, 'hostile');
  const header = JSON.stringify({ what: 'sonde anomaly state', version: 1, savedMs: 1 });
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.constantFrom('value', 'error_share', 'x'), fc.jsonValue()), async (signals) => {
      writeFileSync(path, `${header}\n${JSON.stringify({ series: 'shop.level', signals })}\n`, { mode: 0o600 });
      const self = rig({ statePath: path });
      const level = self.meter.createGauge('shop.level');
      await self.run(5, (step) => level.record(step));
      expect(self.detection.explain('shop.level')).toMatch(/^shop\.level \(value\) is 4; /);
    }),
    runs(50),
  );
});

test('what a process that ends early has not seen is not forgotten, for a day', async () => {
  const path = join(mkdtempSync(join(folder, 'run-')), 'state');
  const former = rig({ intervalMs: 10_000, statePath: path, sampleMemory: false });
  const live = life(former, random(3));
  await former.run(100, () => live());
  await former.detection.shutdown();
  const learned = linesOf(path);
  const brief = async (nowMs: number): Promise<string[]> => {
    const self = rig({ intervalMs: 10_000, statePath: path, sampleMemory: false }, nowMs);
    const other = self.meter.createGauge('shop.other');
    await self.run(1, () => other.record(1));
    await self.detection.shutdown();
    return linesOf(path);
  };
  expect(learned.length).toBeGreaterThan(1);
  for (const hours of [1, 23]) {
    expect(await brief(former.nowMs + hours * 3_600_000)).toEqual(expect.arrayContaining(learned));
  }
  expect(await brief(former.nowMs + 25 * 3_600_000)).not.toEqual(expect.arrayContaining(learned));
});

/** The signals of each series, without what a saving adds. */
function linesOf(path: string): string[] {
  const lines = readFileSync(path, 'utf8').trim().split('\n').slice(1);
  return lines.flatMap((line) => {
    const { series, signals } = JSON.parse(line) as { series?: string; signals?: object };
    return series === undefined ? [] : [`${series} ${JSON.stringify(signals)}`];
  });
}
