import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGE = join(__dirname, '..');
const README = readFileSync(join(PACKAGE, 'README.md'), 'utf8');

/** The code blocks of a section. */
function blocksIn(heading: string, language: string): string[] {
  const [, section = ''] = README.split(`\n## ${heading}\n`);
  const [own = ''] = section.split(/\n## /);
  return [...own.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map(([, code = '']) => code);
}

/** Runs a snippet as it is printed, in the folder of the package. */
function run(snippet: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const args = ['--conditions=@sonde/source', '--input-type=module-typescript', '--eval', snippet];
  const env = { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning', OTEL_TRACES_EXPORTER: 'none' };
  const quiet = { ...env, OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, { cwd: PACKAGE, env: quiet }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

/** Packages that a snippet imports from. */
function importsOf(snippet: string): string[] {
  return [...snippet.matchAll(/ from '([^']+)';/g)].map(([, name = '']) => name);
}

const [install = ''] = blocksIn('Install', 'sh');
const [use = ''] = blocksIn('Use', 'ts');
const [blame = ''] = blocksIn('Blame', 'ts');

test('the first snippet runs as it is printed, and prints what it is said to', async () => {
  const { code, stdout, stderr } = await run(use);
  expect([code, stderr]).toEqual([0, '']);
  const told = stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' ').slice(2).join(' '));
  expect(told).toEqual(['chain_enter sonde.chain.entered', 'event shop.order.paid']);
  for (const moment of told) expect(README).toContain(`\`${moment}\``);
}, 30_000);

test('the snippet of blame runs as it is printed', async () => {
  const { code, stderr } = await run(blame);
  expect([code, stderr]).toEqual([0, '']);
}, 30_000);

test('what the snippets import is named by the lines that install', () => {
  const [more = ''] = blocksIn('Blame', 'sh');
  const named = `${install} ${more}`.split(/\s+/);
  const imported = [...importsOf(use), ...importsOf(blame)];
  expect(imported.length).toBeGreaterThan(7);
  expect(imported.filter((name) => !named.includes(name))).toEqual([]);
  expect(importsOf(use).filter((name) => !install.split(/\s+/).includes(name))).toEqual([]);
});
