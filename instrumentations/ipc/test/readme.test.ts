import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { DEFAULTS } from '../src/config.ts';
import { TELEMETRY } from '../src/semantic-names.ts';

// Cells of tables are padded.
const README = readFileSync(join(__dirname, '..', 'README.md'), 'utf8').replace(/ +\|/g, ' |');

test('the README states every option with its default', () => {
  const table = [...README.matchAll(/^\| `(\w+)` +\|.*\| `([^`]*)` +\|$/gm)].map(([, option, value]) => [
    option,
    value,
  ]);
  expect(Object.fromEntries(table)).toEqual(
    Object.fromEntries(Object.entries(DEFAULTS).map(([option, value]) => [option, inspect(value)])),
  );
});

test('the README names every metric with its unit, every event and every attribute', () => {
  for (const { name, unit, instrument } of Object.values(TELEMETRY.metrics)) {
    const kind = instrument === 'updowncounter' ? 'up-down counter' : instrument;
    expect(README).toContain(`| \`${name}\` | ${kind} | \`${unit}\` |`);
  }
  for (const { name } of Object.values(TELEMETRY.events)) expect(README).toContain(`| \`${name}\` |`);
  for (const { name } of Object.values(TELEMETRY.attributes)) expect(README).toContain(`\`${name}\``);
});
