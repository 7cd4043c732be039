import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULTS, PRESETS, TAIL_DEFAULTS, TELEMETRY } from '../src/index.ts';

const README = readFileSync(join(__dirname, '..', 'README.md'), 'utf8');

/** The options that the table below a heading has, with their defaults. */
function tableBelow(heading: string): Map<string | undefined, string | undefined> {
  const [, section = ''] = README.split(`\n${heading}\n`);
  const [table = ''] = section.split(/^#/m);
  const rows = [...table.matchAll(/^\| `(\w+)` +\|.*\| +(.*?) +\|$/gm)];
  return new Map(rows.map(([, option, value]) => [option, value]));
}

test.each([
  ['## Options', DEFAULTS],
  ['### Options of the tail stage', TAIL_DEFAULTS],
])('the README states every default: %s', (heading, defaults) => {
  const table = tableBelow(heading);
  for (const [option, value] of Object.entries(defaults)) {
    expect([option, table.get(option)]).toEqual([option, `\`${JSON.stringify(value)}\``]);
  }
});

test('the README names every preset and everything that is emitted', () => {
  const names = [...Object.keys(PRESETS), ...Object.values(TELEMETRY.metrics).map(({ name }) => name)];
  expect(names.filter((name) => !README.includes(`\`${name}\``))).toEqual([]);
});
