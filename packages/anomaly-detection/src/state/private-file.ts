import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { unobserved } from '@sonde/instrumentation-kit';

const OWN_ONLY = 0o600;

/** Two at once would write the same file. */
let last: Promise<void> = Promise.resolve();

/**
 * Writes a file that only its owner may read, all of it or nothing: beside the path first, and then in its place. Pieces
 * are made one at a time, so that a large file does not hold the event loop. @throws what the file system says
 */
export function writePrivateFile(path: string, pieces: () => Iterable<string>): Promise<void> {
  const written = last.then(() => write(path, pieces()));
  last = written.catch(() => {});
  return written;
}

/** The same at once, for the end of a process: in the place of what is still being written. @throws what the file system says */
export function writePrivateFileSync(path: string, pieces: Iterable<string>): void {
  const beside = `${path}.${process.pid}.end.tmp`;
  rmSync(`${path}.${process.pid}.tmp`, { force: true });
  rmSync(beside, { force: true });
  const descriptor = openSync(beside, 'wx', OWN_ONLY);
  try {
    for (const piece of pieces) writeFileSync(descriptor, piece);
  } catch (error) {
    closeSync(descriptor);
    rmSync(beside, { force: true });
    throw error;
  }
  closeSync(descriptor);
  renameSync(beside, path);
}

async function write(path: string, pieces: Iterable<string>): Promise<void> {
  const beside = `${path}.${process.pid}.tmp`;
  await rm(beside, { force: true });
  const file = await open(beside, 'wx', OWN_ONLY);
  try {
    for (const piece of pieces) await file.write(piece);
  } catch (error) {
    await file.close();
    await rm(beside, { force: true });
    throw error;
  }
  await file.close();
  await rename(beside, path);
}

/**
 * The text of a file of our own.
 * @throws Error for a symbolic link, what is no file, another owner's, one that others may write, or a larger one
 */
export function readPrivateFile(path: string, maxBytes: number): string {
  return withFile(path, (descriptor, { size, mode, uid }) => {
    const self = process.getuid?.() ?? uid;
    if (uid !== self && self !== 0) throw new Error(`${path} belongs to another user`);
    if ((mode & 0o022) !== 0 && process.platform !== 'win32') throw new Error(`${path} may be written by others`);
    if (size > maxBytes) throw new Error(`${path} has ${size} bytes, at most ${maxBytes} are read`);
    return readFileSync(descriptor, 'utf8');
  });
}

/** The first bytes of a file, '' where there is none. @throws Error for a symbolic link and for what is no file */
export function readHead(path: string, bytes: number): string {
  try {
    return withFile(path, (descriptor) => {
      const head = Buffer.alloc(bytes);
      return head.toString('utf8', 0, readSync(descriptor, head));
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

interface Permission {
  has(scope: string, reference?: string): boolean;
}

/** Asks whether a file may be put at a path, without a trace. @throws what the file system or `--permission` says */
export function checkWritable(path: string): void {
  const { permission } = process as { permission?: Permission };
  accessSync(dirname(path), constants.W_OK | constants.X_OK);
  // `access` does not ask it. A denial is published like that of a refused write: it is Sonde's own.
  const isDenied = permission !== undefined && !unobserved(() => permission.has('fs.write', path));
  if (isDenied) throw new Error('--permission does not allow it; allow the folder with --allow-fs-write');
}

/** What an error says; those of the file system may come from another realm. */
export function messageOf(error: unknown): string {
  return String((error as Error | undefined)?.message ?? error);
}

function withFile<T>(path: string, use: (descriptor: number, stats: Stats) => T): T {
  // A link could lead anywhere; a pipe would block.
  const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw new Error(`${path} is no file`);
    return use(descriptor, stats);
  } finally {
    closeSync(descriptor);
  }
}
