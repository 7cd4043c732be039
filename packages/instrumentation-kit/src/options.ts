import { inspect } from 'node:util';

/**
 * Checks that options are an object of known keys, so that a misspelt one is told and not ignored.
 * @throws TypeError naming the option, those there are, and what was given
 */
export function checkOptionNames(owner: string, given: unknown, known: readonly string[]): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new TypeError(`${owner}: the options must be an object, got ${inspect(given, { depth: 0 })}`);
  }
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    throw new TypeError(
      `${owner}: ${JSON.stringify(key.slice(0, 80))} is not an option; there are ${known.join(', ')}`,
    );
  }
}
