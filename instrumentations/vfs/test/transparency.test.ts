import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from './fixtures/run-program.ts';
import { SEED } from './seed.ts';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'sonde-vfs-')));
afterAll(() => rmSync(root, { recursive: true, force: true }));

// long: 100 random programs of 2,000 filesystem operations each, bare and observed
const IS_LONG = process.env.SONDE_TEST_LONG === '1';
const PROGRAMS = IS_LONG ? 100 : 3;
const OPERATIONS = IS_LONG ? 2000 : 500;

async function accountOf(seed: number, mode: 'bare' | 'on'): Promise<string[]> {
  // One directory name for both runs: paths are a part of the account. Links lead a program out of it, but not far.
  const base = join(root, 'base');
  const directory = join(base, 'work');
  rmSync(base, { recursive: true, force: true });
  for (const name of ['d', 'g']) mkdirSync(join(directory, name), { recursive: true });
  mkdirSync(join(base, 'target-directory'));
  writeFileSync(join(base, 'target'), 'target');
  const args = [String(seed), String(OPERATIONS), directory];
  const { code, stdout, stderr } = await runProgram('random-program.ts', mode === 'on' ? [...args, 'on'] : args);
  return [`code ${code}`, ...stderr.replaceAll(/\(node:\d+\)/g, '(node)').split('\n'), ...stdout.split('\n')];
}

test.each(Array.from({ length: PROGRAMS }, (_, index) => SEED + index))(
  'a random program of filesystem operations (seed %d) cannot tell that it is observed',
  async (seed) => {
    const bare = await accountOf(seed, 'bare');
    const observed = await accountOf(seed, 'on');
    expect(bare.length).toBeGreaterThan(OPERATIONS);
    const firstDifference = bare.findIndex((line, index) => line !== observed[index]);
    expect(observed[firstDifference]).toBe(bare[firstDifference]);
    expect(observed).toHaveLength(bare.length);
  },
  IS_LONG ? 120_000 : 30_000,
);
