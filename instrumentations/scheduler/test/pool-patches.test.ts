import { runProgram } from './fixtures/run-program.ts';

test('crypto and zlib are counted, and look and work as without the patches', async () => {
  expect(await runProgram('pool-program.ts')).toEqual({ code: 0, signal: null, stdout: 'as without\n', stderr: '' });
});
