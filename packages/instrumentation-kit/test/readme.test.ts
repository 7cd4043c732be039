import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as kit from '../src/index.ts';
import { createSlowOperations } from '../src/slow-operations.ts';

const README = readFileSync(join(__dirname, '..', 'README.md'), 'utf8');

test('the README names every function that is exported', () => {
  const functions = Object.entries(kit).filter(([, value]) => typeof value === 'function');
  const missing = functions.filter(([name]) => !README.includes(`\`${name}\``)).map(([name]) => name);
  expect(missing).toEqual(['libuvPoolSize']);
});

test('the README states the defaults of createSlowOperations as they are', () => {
  const [, threshold] = /`thresholdMs` .*\| `(\d+)` +\|/.exec(README) ?? [];
  expect(createSlowOperations().limitMs(0)).toBe(Number(threshold));
  const [, minCount] = /`minCount` .*\| `(\d+)` +\|/.exec(README) ?? [];
  const [, floorMs] = /`floorMs` .*\| `(\d+)` +\|/.exec(README) ?? [];
  const slow = createSlowOperations({ quantile: 0.5, thresholdMs: 1000 });
  for (let index = 1; index < Number(minCount); index++) slow.isSlow(0, 0.1);
  expect(slow.limitMs(0)).toBe(1000);
  slow.isSlow(0, 0.1);
  expect(slow.limitMs(0)).toBe(Number(floorMs));
});
