import { runProgram } from './fixtures/run-program.ts';

const PROGRAM = 'bridge-program.ts';

test('a bridge that nobody shuts down lets the process end', async () => {
  expect(await runProgram(PROGRAM)).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
});

test('shutdown before the exit writes what was pending', async () => {
  expect(await runProgram(PROGRAM, ['shutdown'])).toEqual({
    code: 0,
    signal: null,
    stdout: 'Odd: 3 times\n',
    stderr: '',
  });
});

test('a flush in an exit listener writes what was pending and keeps the exit code', async () => {
  expect(await runProgram(PROGRAM, ['exit'])).toEqual({ code: 5, signal: null, stdout: 'Odd: 3 times\n', stderr: '' });
});

test('a program that throws fails as it would', async () => {
  const { code, stderr } = await runProgram(PROGRAM, ['throw']);
  expect(code).toBe(1);
  expect(stderr).toContain('the program fails');
});
