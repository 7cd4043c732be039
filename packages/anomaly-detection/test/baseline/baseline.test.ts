import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { checkBaseline, compareBaselines } from '../../src/index.ts';
import { BOUNDARIES, rig } from '../rig.ts';
import { runs } from '../seed.ts';

const folder = mkdtempSync(join(tmpdir(), 'sonde-baseline-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function process1(slower: number, failing: number) {
  const self = rig();
  const options = { unit: 's', advice: { explicitBucketBoundaries: BOUNDARIES } };
  const requests = self.meter.createHistogram('http.server.request.duration', options);
  await self.run(100, () => {
    for (let i = 0; i < 20; i++) {
      const status = i < failing ? 500 : 200;
      requests.record(slower * (0.02 + i / 100), { 'http.route': '/users', 'http.response.status_code': status });
    }
  });
  return self.detection;
}

test('a release that is slower and fails more differs from its baseline; the same one does not', async () => {
  const path = join(folder, 'baseline.json');
  await (await process1(1, 0)).saveBaseline(path, '1.0.0');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const same = await process1(1, 0);
  const baseline = await same.loadBaseline(path);
  expect(same.driftReport(baseline)).toMatchObject({ baseline: '1.0.0', changes: [], gone: [], added: [] });
  const worse = (await process1(3, 2)).driftReport(baseline);
  expect(worse.changes.map(({ what, isWorse }) => [what, isWorse])).toEqual([
    ['latency', true],
    ['error_share', true],
  ]);
  expect(worse.text).toMatch(
    /worse +http\.server\.request\.duration\{http\.route=\/users\}: calls take .* times as long/,
  );
  expect(worse.text).toMatch(/10 % of the calls fail, formerly 0 %/);
});

test('files of others, links, what others may write, and what is no baseline are refused', async () => {
  const detection = await process1(1, 0);
  const good = join(folder, 'good.json');
  await detection.saveBaseline(good);
  const link = join(folder, 'link.json');
  symlinkSync(good, link);
  await expect(detection.loadBaseline(link)).rejects.toThrow('ELOOP');
  const text = readFileSync(good, 'utf8');
  const broken = (name: string, content: string): string => {
    const path = join(folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  await expect(detection.loadBaseline(broken('cut.json', text.slice(0, 40)))).rejects.toThrow('must be JSON');
  await expect(detection.loadBaseline(broken('old.json', text.replace('"version":1', '"version":0')))).rejects.toThrow(
    'Baseline: version must be 1, got 0',
  );
  chmodSync(good, 0o666);
  await expect(detection.loadBaseline(good)).rejects.toThrow('may be written by others');
  await expect(detection.loadBaseline(folder)).rejects.toThrow(/is no file|EISDIR/);
});

test('whatever a baseline says, it is either refused or can be compared', () => {
  fc.assert(
    fc.property(fc.anything(), fc.dictionary(fc.string(), fc.anything()), (any, entries) => {
      for (const candidate of [any, { version: 1, createdMs: 1, release: '', entries }]) {
        try {
          compareBaselines(checkBaseline(candidate), checkBaseline(candidate));
        } catch (error) {
          expect(String(error)).toMatch(/^(Type|Range)Error: (Baseline|LogLinearHistogram)/);
        }
      }
    }),
    runs(300),
  );
});

test.each([
  [5, 'Baseline: must be what baseline() or loadBaseline() returns, got 5'],
  [null, 'Baseline: must be what baseline() or loadBaseline() returns, got null'],
  [[], 'Baseline: must be what baseline() or loadBaseline() returns, got []'],
  [{}, 'Baseline: version must be 1, got undefined'],
  [
    { version: 1, release: '', entries: {} },
    'Baseline: createdMs must be a number from 0 to 8640000000000000, got undefined',
  ],
])('a drift report on what is no baseline names what is wrong: %j', (candidate, message) => {
  expect(() => rig().detection.driftReport(candidate as never)).toThrow(message);
});
