import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { DEFAULTS } from '../src/config.ts';
import { PARENT_VARIABLE } from '../src/processes/environment.ts';
import { TELEMETRY } from '../src/semantic-names.ts';
import { factsOf } from './fixtures/preloaded.ts';

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

test('the READMEs name what children without Sonde find in their environment, and stack traces show', async () => {
  const root = readFileSync(join(__dirname, '..', '..', '..', 'README.md'), 'utf8');
  const { seen, ...found } = await factsOf<Record<string, string[]>>('seen-program.mjs');
  expect(found).toEqual({
    executed: [],
    executedInTrace: expect.arrayContaining([PARENT_VARIABLE, 'TRACEPARENT']),
    forked: [PARENT_VARIABLE],
    forkedInTrace: expect.arrayContaining([PARENT_VARIABLE, 'TRACEPARENT']),
  });
  expect(seen).toEqual({ postMessage: true, send: true, workerHandler: true, childHandler: true });
  for (const name of new Set(Object.values(found).flat())) {
    expect(README).toContain(`\`${name}\``);
    expect(root).toContain(`\`${name}\``);
  }
}, 30_000);
