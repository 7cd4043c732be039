import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Slowness } from './protocol.ts';

/** A file that makes its reader wait. */
export interface SlowFile {
  readonly path: string;
  /** Lets the waiting reader go on: writes the content and closes. Calling it again serves a reader that came late. */
  release(): void;
  remove(): void;
}

export interface SlowFileConfig {
  readonly path: string;
  readonly content: string;
  readonly slowness: Slowness;
}

// Opening a FIFO for both directions never waits, and lets a waiting reader through.
const OPEN_AT_ONCE = constants.O_RDWR | constants.O_NONBLOCK;

/** Makes the FIFO. With `late data` its other end is open from the start, so that `open` returns and `read` waits. */
export function createSlowFile({ path, content, slowness }: SlowFileConfig): SlowFile {
  execFileSync('mkfifo', [path], { stdio: 'ignore' });
  let descriptor = slowness === 'late data' ? openSync(path, OPEN_AT_ONCE) : undefined;
  return {
    path,
    release: () => {
      descriptor ??= openSync(path, OPEN_AT_ONCE);
      writeSync(descriptor, content);
      closeSync(descriptor);
      descriptor = undefined;
    },
    remove: () => rmSync(path, { force: true }),
  };
}

/** Whether this machine has FIFOs (Windows has not). */
export function canMakeFifo(folder: string): boolean {
  const path = join(folder, `fifo-probe-${process.pid}`);
  try {
    execFileSync('mkfifo', [path], { stdio: 'ignore' });
    rmSync(path);
    return true;
  } catch {
    return false;
  }
}
