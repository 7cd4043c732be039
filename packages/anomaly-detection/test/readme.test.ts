import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULTS, TELEMETRY } from '../src/index.ts';

const README = readFileSync(join(__dirname, '..', 'README.md'), 'utf8');

test('the README states every default', () => {
  const [, section = ''] = README.split('\n## Options\n');
  const [table = ''] = section.split(/^#/m);
  const rows = new Map(
    [...table.matchAll(/^\| `(\w+)` +\|.*\| +(.*?) +\|$/gm)].map(([, option, value]) => [option, value]),
  );
  for (const [option, value] of Object.entries(DEFAULTS)) {
    expect([option, rows.get(option)]).toEqual([option, `\`${JSON.stringify(value)}\``]);
  }
});

test('the README names every metric and event that is emitted', () => {
  const names = [...Object.values(TELEMETRY.metrics), ...Object.values(TELEMETRY.events)].map(({ name }) => name);
  expect(names.filter((name) => !README.includes(`\`${name}\``))).toEqual([]);
});

test('the snippets run as they are printed, one after the other', () => {
  const snippets = [...README.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
  expect(snippets).toHaveLength(2);
  // Within the package, so that what they import is found.
  const folder = mkdtempSync(join(__dirname, 'readme-'));
  try {
    writeFileSync(join(folder, 'snippets.mjs'), snippets.join(''));
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--conditions=@sonde/source', 'snippets.mjs'], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 25_000,
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^v8js\.memory\.heap\.used \(value\) is [\d.]+ MiB; score /);
    expect(stdout).toContain('Compared with 1.3.0 of ');
    expect(readdirSync(folder).sort()).toEqual(['anomalies.state', 'baseline-1.3.0.json', 'snippets.mjs']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
