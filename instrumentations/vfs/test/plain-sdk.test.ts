import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from './fixtures/run-program.ts';

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'sonde-vfs-')));
const file = join(directory, 'file');
writeFileSync(file, 'hällo');
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test('alone in a plain NodeSDK it records into ordinary instruments, makes spans in the active trace and asks to keep it', async () => {
  const { code, stdout, stderr } = await runProgram('plain-sdk-program.ts', [file]);
  expect([code, stderr]).toEqual([0, '']);
  expect(JSON.parse(stdout)).toEqual({
    metrics: expect.arrayContaining([
      ['sonde.vfs.operation.duration', 's', [1, 1]],
      ['sonde.vfs.io', 'By', [6, 6]],
      ['sonde.vfs.operation.active', '{operation}', [0]],
    ]),
    spans: [
      ['vfs readFile', true],
      ['vfs readFile', true],
      ['request', false],
    ],
    marks: 2,
  });
});
