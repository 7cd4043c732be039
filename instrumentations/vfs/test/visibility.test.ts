import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMountTable } from '../src/mount-table.ts';
import { PROC_FILES } from '../src/proc-files.ts';
import { runProgram } from './fixtures/run-program.ts';

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'sonde-vfs-')));
const file = join(directory, 'file');
writeFileSync(file, 'hällo');
afterAll(() => rmSync(directory, { recursive: true }));

/** The mount that the temporary directory is on, as `mountpoint type`. */
const mounts = createMountTable({ proc: PROC_FILES, cwd: () => '/', now: () => 0, ignorePath: undefined });
const { mountpoint, type } = mounts.mount(mounts.mountOf(directory, 0));
const on = (counts: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).map(([key, count]) => [`${key} ${mountpoint} ${type}`, count]));

async function outcomeOf(program: string, ...args: string[]): Promise<Record<string, Record<string, number>>> {
  const { code, stdout, stderr } = await runProgram(program, args);
  expect([code, stderr.replace(/\(node:\d+\) ExperimentalWarning: .*\n.*\n/g, '')]).toEqual([0, '']);
  return JSON.parse(stdout);
}

test('an ES module sees its imports observed, whether they were linked before the start or after', async () => {
  expect(await outcomeOf('esm-program.ts', file)).toEqual(
    on({
      'readFile promise': 3,
      'read readFile promise': 18,
      'readFile sync': 1,
      'read readFile sync': 6,
      'open callback': 1,
      'read callback': 2,
      'read read callback': 6,
      'close callback': 1,
    }),
  );
});

test('destructured requires are observed, no longer after disable, and not twice after enable', async () => {
  const once = on({
    'readFile sync': 1,
    'read readFile sync': 6,
    'stat sync': 1,
    'readFile callback': 1,
    'read readFile callback': 6,
    'readFile promise': 2,
    'read readFile promise': 12,
  });
  expect(await outcomeOf('cjs-program.cts', file)).toEqual({
    whileOn: once,
    whileOff: {},
    onAgain: on({ 'stat sync': 1 }),
    again: 6,
  });
});

test('FileHandles, streams, directories and compound operations show up once each, with bytes and mount', async () => {
  expect(await outcomeOf('handles-program.ts', directory)).toEqual({
    handle: on({
      'open promise': 1,
      'write promise': 1,
      'write write promise': 6,
      'writev promise': 1,
      'write writev promise': 3,
      'read promise': 1,
      'read read promise': 3,
      'readv promise': 1,
      'read readv promise': 2,
      'fstat promise': 1,
      'ftruncate promise': 1,
      'fsync promise': 1,
      'fdatasync promise': 1,
      'fchmod promise': 1,
      'futimes promise': 1,
      'close promise': 1,
    }),
    'handle, whole files': on({
      'open promise': 2,
      'writeFile promise': 1,
      'write writeFile promise': 5,
      'appendFile promise': 1,
      'write appendFile promise': 3,
      'readFile promise': 1,
      'read readFile promise': 8,
      'close promise': 2,
    }),
    'handle opened before': on({ 'write promise': 1, 'write write promise': 5 }),
    'one promise': true,
    'closing twice': on({ 'open promise': 1, 'close promise': 1 }),
    'closing twice while a stream uses it': on({ 'open promise': 1, 'close promise': 1 }),
    'read stream': on({ 'open callback': 1, 'read callback': 4, 'read read callback': 10, 'close callback': 1 }),
    'write stream': on({
      'open callback': 1,
      'writev callback': 1,
      'write writev callback': 5,
      'close callback': 1,
    }),
    pipeline: on({
      'open callback': 2,
      'read callback': 2,
      'read read callback': 10,
      'write callback': 1,
      'write write callback': 10,
      'close callback': 2,
    }),
    'handle streams': on({
      'open promise': 2,
      'read promise': 2,
      'read read promise': 10,
      'write promise': 1,
      'write write promise': 10,
      'close promise': 2,
    }),
    lines: ['one', 'two', 'three'],
    readLines: on({ 'open promise': 1, 'read promise': 2, 'read read promise': 14, 'close promise': 1 }),
    'web stream': on({ 'open promise': 1, 'read promise': 2, 'read read promise': 10, 'close promise': 1 }),
    names: ['a'],
    directory: on({ 'opendir promise': 1, 'dir.read promise': 2, 'dir.close callback': 1 }),
    'directory by hand': on({
      'opendir promise': 1,
      'opendir sync': 2,
      'dir.read promise': 1,
      'dir.read callback': 1,
      'dir.read sync': 1,
      'dir.close promise': 1,
      'dir.close sync': 1,
      'dir.close callback': 1,
    }),
    compound: on({
      'cp promise': 1,
      'cp callback': 1,
      'cp sync': 1,
      'realpath callback': 1,
      'realpath sync': 1,
      'rm promise': 1,
      'rm callback': 1,
      'rm sync': 1,
    }),
    'native realpath': on({ 'realpath.native callback': 1, 'realpath.native sync': 1 }),
    found: expect.arrayContaining(['ten', 'written']),
    glob: on({ 'glob promise': 2, 'glob callback': 1, 'glob sync': 1 }),
    'application code inside a compound operation’s callback': on({
      'cp callback': 1,
      'stat sync': 1,
      'stat callback': 1,
      'stat promise': 1,
    }),
    'writeFile by callback': on({
      'writeFile callback': 1,
      'write writeFile callback': 4,
      'appendFile callback': 1,
      'write appendFile callback': 1,
      'truncate callback': 1,
      'exists callback': 1,
    }),
    'still in flight': [0],
  });
});
