import { outcomeOf } from '../fixtures/preloaded.ts';
import { runProgram } from '../fixtures/run-program.ts';
import { IS_LONG } from '../seed.ts';

const PROGRAM = 'exits-program.mjs';

test.each(['idle', 'unref', 'port', 'throws', 'workerThrows', 'off'])('a program ends as before: %s', async (mode) => {
  const [bare, observed] = await Promise.all([runProgram(PROGRAM, [mode]), outcomeOf(PROGRAM, { args: [mode] })]);
  expect([observed.code, observed.signal, observed.stdout]).toEqual([bare.code, bare.signal, bare.stdout]);
  // The line that Node prints of an uncaught error is the application's.
  expect(observed.stderr.split('\n')[0]).toBe(bare.stderr.split('\n')[0]);
});

// long: 1 M channels instead of 10,000
test('channels that were opened and closed are let go', async () => {
  const count = IS_LONG ? 1_000_000 : 10_000;
  const { stdout, stderr } = await outcomeOf('leak-program.mjs', { args: [String(count)], node: ['--expose-gc'] });
  expect(stderr).toBe('');
  // The last ones may still be on a stack.
  expect((JSON.parse(stdout) as { held: number }).held).toBeLessThan(60);
});
