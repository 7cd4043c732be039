import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BLAME_DEFAULTS, CAUSES } from '../../src/index.ts';

const README = readFileSync(join(__dirname, '..', '..', 'README.md'), 'utf8');

test('the README names every cause', () => {
  const [, section = ''] = README.split('\n## Blame\n');
  const [blame = ''] = section.split(/^## /m);
  const told = [...blame.matchAll(/^\| `(\w+)` +\|/gm)].map(([, cause]) => cause);
  expect([...told].sort()).toEqual([...CAUSES].sort());
});

test('the README states the defaults of the processor as they are', () => {
  const [, after = ''] = README.split('`new CausalitySpanProcessor(options)`:');
  const [table = ''] = after.trimStart().split('\n\n');
  const rows = [...table.matchAll(/^\| `(\w+)` +\|.*\| +(.*?) +\|$/gm)].map(([, option, value]) => [option, value]);
  expect(Object.fromEntries(rows)).toEqual({
    next: 'none, it must be given',
    ...Object.fromEntries(Object.entries(BLAME_DEFAULTS).map(([option, value]) => [option, `\`${value}\``])),
  });
});
