import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULTS } from '../src/config.ts';
import { TELEMETRY } from '../src/semantic-names.ts';
import { LINK_DEFAULTS } from '../src/thread-link.ts';

const README = readFileSync(join(__dirname, '..', 'README.md'), 'utf8');
const [bridgeTable, linkTable] = README.split('## linkThreads').map(
  (part) =>
    new Map([...part.matchAll(/^\| `(\w+)` +\|.*\| +(.*?) +\|$/gm)].map(([, option, value]) => [option, value])),
);

test.each([
  ['EventLogBridge', DEFAULTS, bridgeTable],
  ['linkThreads', LINK_DEFAULTS, linkTable],
])('the README states every default of %s', (_, defaults, table) => {
  for (const [option, value] of Object.entries(defaults)) {
    const code = typeof value === 'function' ? value.toString().replace(/^.*=>\s*/, '') : JSON.stringify(value);
    expect([option, table?.get(option)]).toEqual([option, `\`${code}\``]);
  }
});

test('the README names what is emitted', () => {
  const names = [...Object.values(TELEMETRY.metrics), ...Object.values(TELEMETRY.events)].map(({ name }) => name);
  const isStated = (name: string): boolean =>
    [name, name.replace(/^sonde\.event_(stream|bridge)/, '')].some((written) => README.includes(`\`${written}\``));
  expect(names.filter((name) => !isStated(name))).toEqual([]);
});
