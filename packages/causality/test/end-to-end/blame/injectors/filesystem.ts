import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, mkdtempSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import type { Injector, Stretch } from '../injector.ts';

let fifo = '';

async function makeFifo(): Promise<void> {
  fifo = join(mkdtempSync(join(process.env.BLAME_FOLDER ?? '/tmp', 'fifo-')), 'slow');
  execFileSync('mkfifo', [fifo]);
}

/** A process that writes to the FIFO: seconds to wait and bytes to write, in turns. */
function startWriter(script: string): void {
  context.with(ROOT_CONTEXT, () => {
    spawn('sh', ['-c', script], { stdio: 'ignore', env: { FIFO: fifo, PATH: process.env.PATH } }).unref();
  });
}

function filesystemSince(startMs: number): Stretch[] {
  return [{ cause: 'filesystem', startMs, endMs: performance.now() }];
}

/** A file that can be opened only after a while. */
export const filesystem: Injector = {
  cause: 'filesystem',
  prepare: makeFifo,
  async inject(ms) {
    startWriter(`sleep ${ms / 1000}; echo late > "$FIFO"`);
    const startMs = performance.now();
    await readFile(fifo);
    return { stretches: filesystemSince(startMs) };
  },
};

/** A stream that stalls after its first bytes, twice. */
export const stalledStream: Injector = {
  cause: 'filesystem',
  prepare: makeFifo,
  async inject(ms) {
    const half = ms / 2000;
    startWriter(`exec 3> "$FIFO"; echo first >&3; sleep ${half}; echo second >&3; sleep ${half}; echo third >&3`);
    const startMs = performance.now();
    const stream = createReadStream(fifo);
    stream.resume();
    await once(stream, 'close');
    return { stretches: filesystemSince(startMs) };
  },
};
