import { types } from 'node:util';

/** How a value was reached from a message: keys, outermost first. */
export type Path = readonly (string | number)[];

/** A message is searched this far for the ports that travel with it; deeper ones go without context. */
const MAX_DEPTH = 4;
const MAX_KEYS = 64;

function isSearchable(value: unknown): value is object {
  // A proxy would notice, and cannot be cloned anyhow.
  return typeof value === 'object' && value !== null && !types.isProxy(value) && !ArrayBuffer.isView(value);
}

/** Own data properties only: a getter must run once, when the message is cloned. */
function dataOf(owner: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(owner, key)?.value;
}

function search(within: unknown, wanted: unknown, path: (string | number)[]): boolean {
  if (within === wanted) return true;
  if (path.length >= MAX_DEPTH || !isSearchable(within)) return false;
  for (const key of Object.keys(within).slice(0, MAX_KEYS)) {
    path.push(key);
    if (search(dataOf(within, key), wanted, path)) return true;
    path.pop();
  }
  return false;
}

/** The path from a message to an object in it, which a clone of the message has at the same path. */
export function pathTo(message: unknown, wanted: object): Path | undefined {
  const path: (string | number)[] = [];
  return search(message, wanted, path) ? path : undefined;
}

/** What a clone has at a path. */
export function valueAt(message: unknown, path: Path): unknown {
  let value = message;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = dataOf(value, String(key));
  }
  return value;
}
