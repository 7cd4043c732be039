import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BLOCKED_LOOP_DEFAULTS, DEFAULTS } from '../src/config.ts';
import { TELEMETRY } from '../src/semantic-names.ts';

const README = readFileSync(join(__dirname, '..', 'README.md'), 'utf8');
const [, options = '', blockedLoop = ''] = README.split(/^## Options|^Of `blockedLoop`:/m);
const table = (text: string) =>
  new Map([...text.matchAll(/^\| `(\w+)` +\|.*\| +(.*?) +\|$/gm)].map(([, option, value]) => [option, value]));

test.each([
  ['SchedulerInstrumentation', DEFAULTS, table(options)],
  ['blockedLoop', BLOCKED_LOOP_DEFAULTS, table(blockedLoop)],
])('the README states every default of %s', (_, defaults, stated) => {
  for (const [option, value] of Object.entries(defaults)) {
    expect([option, stated.get(option)]).toEqual([option, `\`${JSON.stringify(value)}\``]);
  }
});

test('the README names what is emitted', () => {
  const { metrics, events, spans } = TELEMETRY;
  const names = [...Object.values(metrics), ...Object.values(events), ...Object.values(spans)].map(({ name }) => name);
  const lines = README.split('\n');
  const isStated = (name: string): boolean => {
    if (README.includes(`\`${name}\``)) return true;
    // `a.b.c`, `.d` in one line stands for a.b.d as well.
    return lines.some((line) => {
      const [first, ...rest] = [...line.matchAll(/`([\w.]+)`/g)].map(([, written]) => written as string);
      return rest.some((tail) => {
        const stem = first?.split('.') ?? [];
        return stem.some((__, length) => tail.startsWith('.') && stem.slice(0, length).join('.') + tail === name);
      });
    });
  };
  expect(names.filter((name) => !isStated(name))).toEqual([]);
});
