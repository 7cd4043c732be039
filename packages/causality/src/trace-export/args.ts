import { printable } from '@sonde/instrumentation-kit';
import { attributeOf, keysOf } from '../critical-path/read-span.ts';
import type { LooseAttributes } from '../critical-path/types.ts';
import type { ChromeTraceArgs } from './types.ts';

const MAX_ARGS = 64;
const MAX_ITEMS = 16;

/**
 * Attributes as flat arguments: at most 64, strings cut and without control characters, lists joined; of the same name in
 * several, the first counts. Never throws.
 */
export function argsOf(...all: readonly LooseAttributes[]): ChromeTraceArgs {
  const entries = new Map<string, string | number | boolean>();
  for (const attributes of all) {
    for (const key of keysOf(attributes)) {
      const name = printable(key);
      const value = entries.has(name) ? undefined : argFrom(attributeOf(attributes, key));
      if (value !== undefined && entries.size < MAX_ARGS) entries.set(name, value);
    }
  }
  // Not by assignment: `__proto__` is a key like any other.
  return Object.fromEntries(entries);
}

function argFrom(value: unknown): string | number | boolean | undefined {
  try {
    if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return value;
    if (Array.isArray(value)) return printable(value.slice(0, MAX_ITEMS).map(textOf).join(', '));
    return value === undefined || value === null ? undefined : printable(textOf(value));
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}
