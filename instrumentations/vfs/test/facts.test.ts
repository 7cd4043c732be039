import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMountTable } from '../src/mount-table.ts';
import { PROC_FILES } from '../src/proc-files.ts';
import { runProgram } from './fixtures/run-program.ts';

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'sonde-vfs-')));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const mounts = createMountTable({ proc: PROC_FILES, cwd: () => '/', now: () => 0, ignorePath: undefined });
const mount = Object.values(mounts.mount(mounts.mountOf(directory, 0))).join(' ');

async function outcomeOf(program: string): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runProgram(program, [directory]);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
}

test('an application finds fs as it was, while the instrumentation is on and after', async () => {
  const outcome = await outcomeOf('facts-program.ts');
  expect(Object.keys(outcome).length).toBeGreaterThan(15);
  expect(Object.entries(outcome).filter(([, result]) => result !== 'holds')).toEqual([]);
});

test('suppressed calls are unseen, slow operations make events and spans in their trace, options are honoured', async () => {
  const slow = { isChild: true, isInside: true, isLong: true, isError: false, scope: '@sonde/instrumentation-vfs' };
  const path = join(directory, 'context');
  const isEvent = { name: 'sonde.vfs.slow_operation', isInTrace: true, isMeasured: true };
  expect(await outcomeOf('context-program.ts')).toEqual({
    suppressed: {},
    'spans of quick operations': 0,
    spans: [
      { ...slow, name: 'vfs stat', path, operation: 'stat' },
      { ...slow, name: 'vfs readFile', path, operation: 'readFile' },
      { ...slow, name: 'vfs readFile', path: '/nope', operation: 'readFile', isError: true, error: 'ENOENT' },
    ],
    events: [
      { ...isEvent, operation: 'stat', text: path, bytes: null },
      { ...isEvent, operation: 'readFile', text: path, bytes: 7 },
      {
        ...isEvent,
        name: 'sonde.vfs.failed_operation',
        operation: 'readFile',
        text: '/nope',
        bytes: expect.any(Number),
      },
      { ...isEvent, operation: 'readFile', text: '/nope', bytes: null },
    ],
    'spans of 300 slow operations': expect.any(Number),
    'without spans': [0, '', 1],
    choosy: { [`lstat sync ${mount}`]: 1, [`open promise ${mount}`]: 1 },
    'not even wrapped': true,
    'ignorePath using fs': ['stat'],
    'in the pool': 8,
    'in the pool later': [0, 9],
  });
});
