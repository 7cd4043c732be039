import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const PROGRAM = join(__dirname, 'blame', 'worker-program.ts');

async function run(how: string): Promise<Record<string, unknown>[]> {
  const args = ['--conditions=@sonde/source', PROGRAM, how];
  const env = { ...process.env, NODE_NO_WARNINGS: '1', NODE_OPTIONS: '' };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env, timeout: 30_000 });
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

test.each([
  ['in the main thread', 'main', true],
  ['in a worker, whose loop is its own', 'worker', false],
  ['when the process exits before late evidence is in', 'exit', true],
])('a request that stood behind another is told so, and the process ends: %s', async (_, how, isMainThread) => {
  const spans = await run(how);
  expect(spans.map(({ name }) => name)).toEqual(['culprit', 'victim']);
  const [culprit = {}, victim = {}] = spans;
  expect([culprit.isMainThread, victim.isMainThread]).toEqual([isMainThread, isMainThread]);
  const held = (span: Record<string, unknown>, cause: string) =>
    Number(span[`sonde.blame.${cause}`] ?? 0) +
    Number(span['sonde.blame.cpu'] ?? 0) +
    Number(span['sonde.blame.gc'] ?? 0);
  // What the machine did meanwhile may have made it longer, not shorter.
  expect(held(victim, 'blocked_loop')).toBeGreaterThan(0.14);
  expect(Number(victim['sonde.blame.own_turn'] ?? 0)).toBeLessThan(0.05);
  expect(held(culprit, 'own_turn')).toBeGreaterThan(0.14);
  expect(culprit).not.toHaveProperty(['sonde.blame.blocked_loop']);
});
