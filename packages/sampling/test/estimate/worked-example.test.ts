// The worked example of docs/sampling.md prints what the page says it prints.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as sampling from '../../src/index.ts';

const { adjustedCount, estimate } = sampling;
const PAGE = readFileSync(join(__dirname, '../../../../docs/sampling.md'), 'utf8');

function block(language: string): string {
  const found = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'm').exec(PAGE)?.[1];
  if (found === undefined) throw new Error(`docs/sampling.md has no block of ${language}`);
  return found;
}

test('the example prints what the page shows', () => {
  const [load, ...code] = block('js').split('\n');
  expect(load).toBe("import { estimate } from '@sonde/sampling';");
  const lines: string[] = [];
  const log = (...words: unknown[]): number => lines.push(words.join(' '));
  new Function('estimate', 'console', code.join('\n'))(estimate, { log });
  expect(`${lines.join('\n')}\n`).toBe(block('text'));
});

test('the table of thresholds is right', () => {
  const rows = [...PAGE.matchAll(/^\| `ot=th:(\w+)` +\| (\S+) +\| (\d+) +\|$/gm)];
  expect(rows).toHaveLength(5);
  for (const [, th, part, count] of rows) {
    const [numerator, denominator = 1] = part!.split('/').map(Number);
    expect(denominator / numerator!).toBe(Number(count));
    expect(adjustedCount(`th:${th}`, 'f'.repeat(32))).toBeCloseTo(Number(count), 1);
  }
});

test('what the page recommends is exported', () => {
  const names = [...PAGE.split('## Which sampler when')[1]!.matchAll(/`([A-Za-z]+)(?:\(name\))?`/g)].map(
    ([, name]) => name!,
  );
  const own = names.filter((name) => name !== 'tail_sampling');
  expect(own.length).toBeGreaterThan(3);
  expect(own.filter((name) => !(name in sampling))).toEqual([]);
});
