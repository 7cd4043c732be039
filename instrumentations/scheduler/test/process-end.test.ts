import { runForJson, runProgram } from './fixtures/run-program.ts';

const WAYS = [
  ['returns', 'return', 0, null],
  ['returns at once', 'at-once', 0, null],
  ['sets its exit code', 'code', 4, null],
  ['calls process.exit', 'exit', 3, null],
  ['calls process.exit right after it was blocked', 'blocked', 3, null],
  ['throws', 'throw', 1, null],
  ['rejects', 'reject', 1, null],
  ['is killed', 'kill', null, 'SIGTERM'],
] as const;

test.each(WAYS)('a program that %s ends as it would, and looks the same to itself', async (_, how, code, signal) => {
  const [on, off] = await Promise.all([
    runProgram('ending-program.ts', [how, 'on']),
    runProgram('ending-program.ts', [how, 'off']),
  ]);
  expect(on).toMatchObject({ code, signal });
  expect({ code: on.code, signal: on.signal, stdout: on.stdout }).toEqual({
    code: off.code,
    signal: off.signal,
    stdout: off.stdout,
  });
  expect(on.stderr === '').toBe(off.stderr === '');
});

test('timers, immediates, ticks and microtasks keep their order', async () => {
  const [on, off] = await Promise.all([
    runForJson<{ order: string[] }>('order-program.ts', ['on']),
    runForJson<{ order: string[] }>('order-program.ts', ['off']),
  ]);
  expect(off.order).toHaveLength(15);
  expect(on.order).toEqual(off.order);
});

test('an idle loop sleeps', async () => {
  const { turns } = await runForJson<{ turns: number }>('idle-program.ts');
  expect(turns).toBeLessThan(5);
});
