import { inspect } from 'node:util';

const MAX_SHOWN = 80;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not reach a terminal
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** Makes foreign text fit for one line of a terminal: no control characters, no lone surrogates, bounded length. */
export function oneLine(text: string, maxLength: number = MAX_SHOWN): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text;
  return cut.toWellFormed().replace(CONTROL, '\u{fffd}');
}

/** A value as a message shows it. Runs no code of the value. */
export function show(value: unknown): string {
  if (typeof value === 'string') return oneLine(JSON.stringify(value));
  try {
    return oneLine(inspect(value, { depth: 1, customInspect: false, getters: false, breakLength: Infinity }));
  } catch {
    return `a ${typeof value}`;
  }
}
