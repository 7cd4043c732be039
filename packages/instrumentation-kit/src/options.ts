import { inspect } from 'node:util';

const MAX_SHOWN = 120;

/** A received value as the text of an error shows it: short, on one line. Never throws. */
export function show(value: unknown): string {
  try {
    const text = inspect(value, { depth: 0, breakLength: Infinity, maxStringLength: 80, customInspect: false });
    const line = text.replaceAll(/\s*\n\s*/g, ' ');
    return line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN - 1)}…` : line;
  } catch {
    return `something of type ${typeof value}`;
  }
}

/**
 * Checks that options are an object of known keys, so that a misspelt one is told and not ignored.
 * @throws TypeError naming the option, those there are, and what was given
 */
export function checkOptionNames(owner: string, given: unknown, known: readonly string[]): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new TypeError(`${owner}: the options must be an object, got ${show(given)}`);
  }
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    throw new TypeError(
      `${owner}: ${JSON.stringify(key.slice(0, 80))} is not an option; there are ${known.join(', ')}`,
    );
  }
}

/**
 * The same for the options of an instrumentation, of which `enabled` is always one: the base class of OpenTelemetry takes
 * anything for it.
 * @param known those besides `enabled`
 * @throws TypeError naming the option, the rule and what was given
 */
export function checkInstrumentationOptions(owner: string, given: unknown, known: readonly string[]): void {
  checkOptionNames(owner, given, ['enabled', ...known]);
  const { enabled } = given as { readonly enabled?: unknown };
  if (enabled === undefined || typeof enabled === 'boolean') return;
  throw new TypeError(`${owner}: enabled must be true or false, got ${show(enabled)}`);
}
