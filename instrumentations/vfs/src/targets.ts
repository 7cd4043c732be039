import { fileURLToPath } from 'node:url';
import { types } from 'node:util';

/** What an operation was asked to act on: a path, or a descriptor. */
interface FileHandleLike {
  readonly fd?: unknown;
  readonly path?: unknown;
  readonly protocol?: unknown;
  readonly href?: unknown;
}

/** The descriptor in a target: a number, or a FileHandle; -1 when it is none (or a closed one). */
export function descriptorOf(target: unknown): number {
  if (typeof target === 'number') return target;
  if (typeof target !== 'object' || target === null || types.isUint8Array(target)) return -1;
  const { fd } = target as FileHandleLike;
  return typeof fd === 'number' ? fd : -1;
}

function pathOfObject(target: object): string | undefined {
  if (types.isUint8Array(target)) {
    return Buffer.from(target.buffer, target.byteOffset, target.byteLength).toString('utf8');
  }
  const { href, protocol, path } = target as FileHandleLike;
  if (protocol === 'file:' && typeof href === 'string') return fileURLToPath(href);
  // A directory that was opened with opendir.
  return typeof path === 'string' ? path : undefined;
}

/** The path in a target: a string, Buffer, file URL or Dir. Undefined otherwise. */
export function pathOf(target: unknown): string | undefined {
  if (typeof target === 'string') return target;
  if (typeof target !== 'object' || target === null) return undefined;
  try {
    return pathOfObject(target);
  } catch {
    // A URL that is no path, an object whose getters throw: the operation itself will say so.
    return undefined;
  }
}
