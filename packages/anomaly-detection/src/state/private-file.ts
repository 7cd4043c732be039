import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';

const OWN_ONLY = 0o600;

/**
 * Writes a file that only its owner may read, all of it or nothing: beside the path first, and then in its place. Pieces
 * are made one at a time, so that a large file does not hold the event loop. @throws what the file system says
 */
export async function writePrivateFile(path: string, pieces: Iterable<string>): Promise<void> {
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
  // A link could lead anywhere; a pipe would block.
  const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  try {
    const { size, mode, uid } = fstatSync(descriptor);
    const isFile = (mode & constants.S_IFMT) === constants.S_IFREG;
    const self = process.getuid?.() ?? uid;
    if (!isFile) throw new Error(`${path} is no file`);
    if (uid !== self && self !== 0) throw new Error(`${path} belongs to another user`);
    if ((mode & 0o022) !== 0 && process.platform !== 'win32') throw new Error(`${path} may be written by others`);
    if (size > maxBytes) throw new Error(`${path} has ${size} bytes, at most ${maxBytes} are read`);
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}
