import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './shop.ts';

const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const [, after = ''] = README.split('**2. Put it into your NodeSDK.**');
const [, snippet = ''] = /```ts\n(.*?)```/s.exec(after) ?? [];

/** What an application then does: something to be warned of, and an end. */
const APPLICATION = `
sonde.emit({ name: 'shop.stock.low', category: 'process', severity: 13, description: 'Few are left.' }, { value: 3 });
const { log } = console;
await new Promise((resolve) => {
  const tooLong = setTimeout(resolve, 10_000);
  console.log = (...args) => {
    log(...args);
    clearTimeout(tooLong);
    resolve(undefined);
  };
});
`;

test('the snippet for a NodeSDK runs as it is printed, tells warnings, and lets the process end', async () => {
  const args = ['--input-type=module-typescript', '--eval', `${snippet}${APPLICATION}`];
  const env = { ...process.env, NODE_OPTIONS: '', SONDE_PROMETHEUS: 'false', SONDE_BANNER: 'false' };
  const cwd = join(ROOT, 'packages', 'node');
  const { code, stdout, stderr } = await new Promise<{ code: number | null; stdout: string; stderr: string }>(
    (resolve) => {
      const child = execFile(process.execPath, args, { cwd, env }, (_error, stdout, stderr) =>
        resolve({ code: child.exitCode, stdout, stderr }),
      );
    },
  );
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^shop\.stock\.low 3 /m);
}, 30_000);
