import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHANGE_POINTS_DEFAULTS } from '../src/change-points.ts';
import { DEFAULTS } from '../src/histogram-config.ts';
import { PAGE_HINKLEY_DEFAULTS } from '../src/page-hinkley.ts';
import { ZSCORE_DEFAULTS } from '../src/zscore-detector.ts';

const README = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');

it.each([
  ['LogLinearHistogram', DEFAULTS],
  ['ZScoreDetector', ZSCORE_DEFAULTS],
  ['findChangePoints', CHANGE_POINTS_DEFAULTS],
  ['PageHinkley', PAGE_HINKLEY_DEFAULTS],
])('names each option of %s with its default', (name, defaults) => {
  const options = README.slice(README.indexOf('## Options'));
  const [, ...rest] = options.split(`### ${name}\n`);
  const section = rest.join('').split('\n#')[0] as string;
  const rows = [...section.matchAll(/^\| `(\w+)`\s*\|.*\| `(-?[\d.]+)`\s*\|$/gm)].map(([, option, value]) => [
    option,
    Number(value),
  ]);
  expect(Object.fromEntries(rows)).toEqual(defaults);
});
