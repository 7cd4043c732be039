import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULTS, resolveStreamConfig } from '../src/options.ts';

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
const rows = new Map(
  [...readme.matchAll(/^\| `(\w+)`.*\| (.+?) +\|$/gm)].map(([, option, value]) => [option as string, value as string]),
);

it('names each option with its default', () => {
  const { textBytesPerSlot, ...numbers } = DEFAULTS;
  for (const [option, value] of Object.entries(numbers))
    expect([option, rows.get(option)]).toEqual([option, `\`${value}\``]);
  expect(rows.get('textBytes')).toBe(`${textBytesPerSlot} a slot`);
});

it('names every option there is', () => {
  const documented = [...rows.keys()].flatMap((option) => (option === 'threadId' ? ['threadId', 'pid'] : [option]));
  expect(documented.toSorted()).toEqual(Object.keys(resolveStreamConfig({})).toSorted());
});
