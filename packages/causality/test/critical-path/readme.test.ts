import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHROME_TRACE_DEFAULTS, CRITICAL_PATH_DEFAULTS, FORMAT_DEFAULTS } from '../../src/index.ts';

const README = readFileSync(join(__dirname, '..', '..', 'README.md'), 'utf8');

/** The options with their defaults, of all tables between two headings. */
function tablesIn(heading: string): Map<string | undefined, string | undefined> {
  const [, section = ''] = README.split(`\n${heading}\n`);
  const [text = ''] = section.split(/^## /m);
  const rows = [...text.matchAll(/^\| `(\w+)` +\|.*\| +(.*?) +\|$/gm)];
  return new Map(rows.map(([, option, value]) => [option, value]));
}

test.each([
  ['## Critical path', CRITICAL_PATH_DEFAULTS],
  ['## Critical path', FORMAT_DEFAULTS],
  ['## Open a trace in Perfetto', CHROME_TRACE_DEFAULTS],
])('the README states every default: %s', (heading, defaults) => {
  const table = tablesIn(heading);
  for (const [option, value] of Object.entries(defaults)) {
    expect([option, table.get(option)]).toEqual([option, `\`${JSON.stringify(value)}\``]);
  }
});
