/** Texts that fit a terminal. */

const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
/** East Asian wide and full-width blocks (Unicode EastAsianWidth W and F, by range) and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u;
/** ASCII and box drawing: nearly every text, and a hundred times quicker told than graphemes. */
const PLAIN = /^[ -~\u2500-\u257f]*$/;
const INVISIBLE = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;
/** Controls, lone surrogates and direction overrides: nothing from a span may steer the terminal. */
const STEERING = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;
const MAX_CHARACTERS = 512;

/** SGR parameters (ECMA-48, 8.3.117). */
const STYLES = { path: '1;33', bar: '33', error: '1;31', dim: '2', strong: '1' } as const;

/** What a part of a line says. */
export type Style = keyof typeof STYLES;

/** Puts a style around a text, or leaves it as it is. */
export type Paint = (text: string, style: Style) => string;

export function painter(hasColour: boolean): Paint {
  return hasColour ? (text, style) => `\u001b[${STYLES[style]}m${text}\u001b[0m` : (text) => text;
}

export function printable(text: string): string {
  return text.slice(0, MAX_CHARACTERS).replace(STEERING, '\ufffd');
}

/** Cells that a text takes. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const { segment } of GRAPHEMES.segment(text)) width += cellsOf(segment);
  return width;
}

/** The text in exactly `width` cells, cut at its end if need be. */
export function fit(text: string, width: number): string {
  const missing = width - widthOf(text);
  return missing >= 0 ? text + ' '.repeat(missing) : cut(text, width);
}

function cut(text: string, width: number): string {
  if (PLAIN.test(text)) return `${text.slice(0, width - 1)}…`;
  let taken = '';
  let used = 0;
  for (const { segment } of GRAPHEMES.segment(text)) {
    const cells = cellsOf(segment);
    if (used + cells > width - 1) break;
    taken += segment;
    used += cells;
  }
  return `${taken}…${' '.repeat(Math.max(0, width - used - 1))}`;
}

function cellsOf(grapheme: string): number {
  if (INVISIBLE.test(grapheme)) return 0;
  return WIDE.test(grapheme) ? 2 : 1;
}

/** Three significant digits and a unit. */
export function duration(ms: number): string {
  if (ms === 0) return '0 ms';
  if (Math.abs(ms) < 1) return `${three(ms * 1000)} µs`;
  if (Math.abs(ms) < 1000) return `${three(ms)} ms`;
  return Math.abs(ms) < 120_000 ? `${three(ms / 1000)} s` : `${three(ms / 60_000)} min`;
}

export function percent(share: number): string {
  return `${three(share * 100)} %`;
}

function three(value: number): string {
  const size = Math.abs(value);
  if (size >= 99.95) return String(Math.round(value));
  return value.toFixed(size >= 9.995 ? 1 : 2).replace(/\.?0+$/, '');
}

/** `1 span`, `2 spans`, `12,000 spans`. */
export function plural(count: number, thing: string): string {
  return `${count.toLocaleString('en-US')} ${thing}${count === 1 ? '' : thing.endsWith('s') ? 'es' : 's'}`;
}
