import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULTS, PRESETS } from '../src/configuration/presets.ts';
import { describeRule, SETTING_KEYS, SETTINGS } from '../src/configuration/settings.ts';

const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');

/** The table below a heading, as rows of cells; the row of dashes is left out. */
function tableUnder(heading: string): string[][] {
  const section = readme.split(/^## /m).find((text) => text.startsWith(heading)) ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('|') && !/^[|\s-]+$/.test(line));
  return lines.map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

describe('the README', () => {
  it('shows what each preset turns on', () => {
    const [head = [], ...rows] = tableUnder('What a preset turns on');
    const names = Object.keys(PRESETS) as (keyof typeof PRESETS)[];
    expect(head.slice(1)).toEqual(names.map((name) => `\`${name}\``));
    expect(rows).toEqual(
      (Object.keys(PRESETS.minimal) as (keyof typeof PRESETS.minimal)[]).map((key) => [
        `\`${key}\``,
        ...names.map((name) => [PRESETS[name][key]].flat().join(', ')),
      ]),
    );
  });

  it('shows every setting with its variable, its rule and its default', () => {
    const [, ...rows] = tableUnder('Settings');
    expect(rows).toEqual(
      SETTING_KEYS.map((key) => {
        const { environment, rule, default: value } = SETTINGS[key];
        return [`\`${key}\``, `\`${environment}\``, describeRule(rule), value];
      }),
    );
    for (const [key, value] of Object.entries(DEFAULTS)) {
      expect(SETTINGS[key as keyof typeof DEFAULTS].default).toBe(String(value));
    }
  });
});
