import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULTS } from '../src/histogram-config.ts';

it('names each option with its default', () => {
  const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
  const rows = [...readme.matchAll(/^\| `(\w+)`\s*\|.*\| `(-?\d+)`\s*\|$/gm)].map(([, option, value]) => [
    option,
    Number(value),
  ]);
  expect(Object.fromEntries(rows)).toEqual(DEFAULTS);
});
