import { hash } from 'node:crypto';
import { isTraceId } from '../order/causes.ts';

/** Longest name of a chain. */
const MAX_LENGTH = 256;
const NO_ID = '0'.repeat(32);

/** The last name asked for: code in a chain asks for the same one again and again. */
let lastName = '';
let lastId = '';

function idOf(name: string): string {
  if (isTraceId(name) && name !== NO_ID) return name;
  return hash('sha256', name, 'hex').slice(0, 32);
}

/**
 * The id of a chain, 32 lower-case hex digits. A trace id stays what it is; any other name (`order-4711`) of up to 256
 * characters is hashed, so that every thread and process that knows the name means the same chain. Some 2 us for a new
 * name.
 * @returns undefined for what is no name
 */
export function chainIdOf(name: unknown): string | undefined {
  if (typeof name !== 'string' || name === '' || name.length > MAX_LENGTH) return undefined;
  if (name !== lastName) {
    lastId = idOf(name);
    lastName = name;
  }
  return lastId;
}
