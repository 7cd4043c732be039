import { execFile, execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Slowness } from './protocol.ts';

/** A file that makes its reader wait. */
export interface SlowFile {
  readonly path: string;
  /** Gives one reader the content, after `delayMs` and when it is there; ends earlier when `over` says so. */
  serve(delayMs: number, over: AbortSignal): Promise<void>;
  /** Lets whoever waits go on, at once. */
  release(): void;
  remove(): void;
}

export interface SlowFileConfig {
  readonly path: string;
  readonly content: string;
  readonly slowness: Slowness;
}

const LOOK_EVERY_MS = 10;
// Opening a FIFO for writing only, without waiting, fails where nobody has it open for reading (POSIX: ENXIO); for both
// directions it never does, and lets a waiting reader through.
const OPEN_IF_READ = constants.O_WRONLY | constants.O_NONBLOCK;
const OPEN_AT_ONCE = constants.O_RDWR | constants.O_NONBLOCK;

/** Makes FIFOs, all with one call. */
export async function makeFifos(paths: readonly string[]): Promise<void> {
  await promisify(execFile)('mkfifo', [...paths]);
}

/**
 * What serves the FIFO at `path`. With a late writer its reader waits in `open`; with late data `open` returns when the
 * reader comes, and `read` waits.
 */
export function slowFile({ path, content, slowness }: SlowFileConfig): SlowFile {
  let descriptor: number | undefined;
  const finish = (): void => {
    if (descriptor === undefined) return;
    try {
      writeSync(descriptor, content);
    } catch {
      // The reader has gone: nobody waits.
    }
    closeSync(descriptor);
    descriptor = undefined;
  };
  const waitForReader = async (over: AbortSignal): Promise<void> => {
    for (;;) {
      if (over.aborted) return;
      descriptor = tryOpen(path, OPEN_IF_READ);
      if (descriptor !== undefined) return;
      await sleep(LOOK_EVERY_MS);
    }
  };
  return {
    path,
    serve: async (delayMs, over) => {
      if (slowness === 'late writer') await sleep(delayMs);
      await waitForReader(over);
      if (slowness === 'late data') await sleep(delayMs);
      finish();
    },
    release: () => {
      descriptor ??= tryOpen(path, OPEN_AT_ONCE);
      finish();
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

function tryOpen(path: string, flags: number): number | undefined {
  try {
    return openSync(path, flags);
  } catch {
    return undefined;
  }
}
