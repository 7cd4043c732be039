import { readFileSync } from 'node:fs';
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
