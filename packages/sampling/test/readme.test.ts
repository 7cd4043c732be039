import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULTS, PRESETS, TELEMETRY } from '../src/index.ts';

const README = readFileSync(join(__dirname, '..', 'README.md'), 'utf8');

test('the README states every default', () => {
  const table = new Map(
    [...README.matchAll(/^\| `(\w+)` +\|.*\| +(.*?) +\|$/gm)].map(([, option, value]) => [option, value]),
  );
  for (const [option, value] of Object.entries(DEFAULTS)) {
    expect([option, table.get(option)]).toEqual([option, `\`${JSON.stringify(value)}\``]);
  }
});

test('the README names every preset and everything that is emitted', () => {
  const names = [...Object.keys(PRESETS), ...Object.values(TELEMETRY.metrics).map(({ name }) => name)];
  expect(names.filter((name) => !README.includes(`\`${name}\``))).toEqual([]);
});
