import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from './fixtures/run-program.ts';

const ROOT = join(__dirname, '..', '..', '..');
const directory = realpathSync(mkdtempSync(join(tmpdir(), 'sonde-vfs-')));
const file = join(directory, 'file');
writeFileSync(file, 'hällo');
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function outcomeOf(kind: string, ...flags: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runProgram('odd-program.ts', [kind, file], { execArgv: flags });
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
}

test('under the permission model it works, and only the application’s own denial is seen', async () => {
  const outcome = await outcomeOf(
    'permission',
    '--permission',
    `--allow-fs-read=${ROOT}`,
    `--allow-fs-read=${directory}`,
  );
  expect(outcome).toMatchObject({ sync: 'done', promise: 'done', other: 'ERR_ACCESS_DENIED', warnings: [] });
  // /proc may not be read, so that the mount cannot be told.
  expect(outcome.counts).toEqual({
    'readFile sync unknown unknown': 2,
    'read readFile sync unknown unknown': 6,
    'readFile promise unknown unknown': 1,
    'read readFile promise unknown unknown': 6,
    'open sync unknown unknown': 1,
    'close sync unknown unknown': 1,
    'ERR_ACCESS_DENIED readFile sync unknown unknown': 1,
  });
  // Node.js 22 publishes no denials.
  const publishes = Number.parseInt(process.versions.node, 10) >= 24;
  expect(outcome.denied).toEqual(publishes ? ['/etc/hostname'] : []);
});

test('where fs is frozen its functions are left alone, which is said once; fs.promises is still observed', async () => {
  const outcome = await outcomeOf('frozen');
  expect(outcome).toMatchObject({ sync: 'done', promise: 'done', other: 'done' });
  expect(outcome.warnings).toEqual([expect.stringMatching(/fs is frozen; \d+ of its functions cannot be observed/)]);
  expect(Object.keys(outcome.counts as object).map((key) => key.split(' ').slice(0, 2).join(' '))).toEqual([
    'read readFile',
    'readFile promise',
  ]);
});

test('a worker thread is observed by its own instance', async () => {
  const { counts } = (await outcomeOf('worker')) as { counts: Record<string, number> };
  const sum = (operation: string): number =>
    Object.entries(counts)
      .filter(([key]) => key.startsWith(operation))
      .reduce((total, [, count]) => total + count, 0);
  expect([sum('readFile sync'), sum('readFile promise'), sum('open sync'), sum('close sync')]).toEqual([2, 1, 1, 1]);
});
