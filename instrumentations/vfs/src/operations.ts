import { versions } from 'node:process';
import { bytesOfData, bytesOfResult } from './byte-counts.ts';

/** Bytes that an operation moved: from its result and the two arguments that follow the file. */
export type ByteCount = (result: unknown, data: unknown, options: unknown) => number;

/** One operation of the public API, under the name that telemetry gives it. */
export interface OperationDefinition {
  readonly name: string;
  /** Name of the function where it differs from `name` (without `Sync`). */
  readonly key?: string;
  /** Which argument names the file (default 0), or `this` for methods of FileHandle and Dir. */
  readonly target?: number | 'this';
  readonly direction?: 'read' | 'write';
  readonly bytes?: ByteCount;
  /** `open` yields a descriptor, `close` ends one. */
  readonly descriptor?: 'open' | 'close';
  /** Its asynchronous forms may go on calling the public API in later turns, from callbacks that nobody sees. */
  readonly compound?: boolean;
  /** The callback gets a result and no error. */
  readonly hasNoError?: boolean;
  /** Its asynchronous forms do not use the libuv pool, or seldom. */
  readonly isOffPool?: boolean;
  /** How often they go through the pool, one after the other; default 1. */
  readonly trips?: number;
}

/** From Node.js 26 on a file is opened, read or written, and closed in one go. */
const isOneGo = Number.parseInt(versions.node, 10) >= 26;
/** open, fstat, read, close. */
const READ_TRIPS = isOneGo ? 1 : 4;
/** open, write, close. */
const WRITE_TRIPS = isOneGo ? 1 : 3;

const ofHandle = { target: 'this' } as const;
const read = { direction: 'read', bytes: bytesOfResult } as const;
const write = { direction: 'write', bytes: bytesOfResult } as const;
const writeAll = {
  direction: 'write',
  bytes: (_result: unknown, data: unknown, options: unknown) => bytesOfData(data, options),
} as const;
const readAll = {
  direction: 'read',
  bytes: (result: unknown, options: unknown) => bytesOfData(result, options),
} as const;

/** Operations of `fs` (sync and callback) and `fs.promises`. Those that a Node.js lacks are skipped. */
export const FS_OPERATIONS: readonly OperationDefinition[] = [
  { name: 'access' },
  { name: 'appendFile', ...writeAll, trips: WRITE_TRIPS },
  { name: 'chmod' },
  { name: 'chown' },
  { name: 'close', descriptor: 'close' },
  { name: 'copyFile' },
  { name: 'cp', compound: true },
  { name: 'exists', hasNoError: true },
  { name: 'fchmod' },
  { name: 'fchown' },
  { name: 'fdatasync' },
  { name: 'fstat' },
  { name: 'fsync' },
  { name: 'ftruncate' },
  { name: 'futimes' },
  { name: 'glob', compound: true },
  { name: 'lchmod' },
  { name: 'lchown' },
  { name: 'link' },
  { name: 'lstat' },
  { name: 'lutimes' },
  { name: 'mkdir' },
  { name: 'mkdtemp' },
  { name: 'mkdtempDisposable' },
  { name: 'open', descriptor: 'open' },
  { name: 'openAsBlob' },
  { name: 'opendir' },
  { name: 'read', ...read },
  { name: 'readFile', ...readAll, trips: READ_TRIPS },
  { name: 'readdir', compound: true },
  { name: 'readlink' },
  { name: 'readv', ...read },
  { name: 'realpath', compound: true },
  { name: 'rename' },
  { name: 'rm', compound: true },
  { name: 'rmdir', compound: true },
  { name: 'stat' },
  { name: 'statfs' },
  // The first argument of symlink is only text; the second is the file that is made.
  { name: 'symlink', target: 1 },
  { name: 'truncate', compound: true, trips: 3 },
  { name: 'unlink' },
  { name: 'utimes' },
  { name: 'write', ...write },
  { name: 'writeFile', ...writeAll, trips: WRITE_TRIPS },
  { name: 'writev', ...write },
];

/** Methods of FileHandle; `close` is an own property of each handle. Streams over a handle go through these. */
export const FILE_HANDLE_OPERATIONS: readonly OperationDefinition[] = [
  { ...ofHandle, name: 'appendFile', ...writeAll },
  { ...ofHandle, name: 'fchmod', key: 'chmod' },
  { ...ofHandle, name: 'fchown', key: 'chown' },
  { ...ofHandle, name: 'fdatasync', key: 'datasync' },
  { ...ofHandle, name: 'fstat', key: 'stat' },
  { ...ofHandle, name: 'fsync', key: 'sync' },
  { ...ofHandle, name: 'ftruncate', key: 'truncate' },
  { ...ofHandle, name: 'futimes', key: 'utimes' },
  { ...ofHandle, name: 'read', ...read },
  { ...ofHandle, name: 'readFile', ...readAll, trips: 2 },
  { ...ofHandle, name: 'readv', ...read },
  { ...ofHandle, name: 'write', ...write },
  { ...ofHandle, name: 'writeFile', ...writeAll },
  { ...ofHandle, name: 'writev', ...write },
];

/** The operations of a directory that was opened with opendir: most reads come out of its buffer. */
export const DIRECTORY_READ: OperationDefinition = { ...ofHandle, name: 'dir.read', key: 'read', isOffPool: true };
export const DIRECTORY_CLOSE: OperationDefinition = { ...ofHandle, name: 'dir.close', key: 'close' };

/** `close` of a FileHandle, an own property of each. */
export const HANDLE_CLOSE: OperationDefinition = { ...ofHandle, name: 'close', descriptor: 'close' };

/** `fs.realpath.native` and its sync twin. */
export const REALPATH_NATIVE: OperationDefinition = { name: 'realpath.native', key: 'native' };

/** Every value of `sonde.vfs.operation`. */
export const OPERATION_NAMES: ReadonlySet<string> = new Set(
  [...FS_OPERATIONS, DIRECTORY_READ, DIRECTORY_CLOSE, REALPATH_NATIVE].map(({ name }) => name),
);
