import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { Piscina } from 'piscina';
import type { Injector, Stretch } from '../injector.ts';

/** What a job says about itself, in epoch milliseconds. */
interface Job {
  readonly startedAt: number;
  readonly endedAt: number;
}

let pool: Piscina | undefined;

function run(ms: number): Promise<Job> {
  if (pool === undefined) throw new Error('there is no pool');
  return pool.run(ms, { name: 'work' }) as Promise<Job>;
}

async function start(): Promise<void> {
  if (pool !== undefined) return;
  const observe = pathToFileURL(join(import.meta.dirname, 'observe-worker.ts')).href;
  pool = context.with(
    ROOT_CONTEXT,
    () =>
      new Piscina({
        filename: join(import.meta.dirname, 'worker-job.mjs'),
        minThreads: 1,
        maxThreads: 1,
        execArgv: ['--conditions=@sonde/source', `--import=${observe}`],
      }),
  );
  await run(1);
}

async function end(): Promise<void> {
  await pool?.destroy();
  pool = undefined;
}

/** Hands a job over and waits for it: in the queue until it starts, then at work. */
async function stretchesOf(ms: number): Promise<Stretch[]> {
  const startMs = performance.now();
  const { startedAt } = await run(ms);
  const startedMs = startedAt - performance.timeOrigin;
  return [
    { cause: 'ipc_queue', startMs, endMs: startedMs },
    { cause: 'child_service', startMs: startedMs, endMs: performance.now() },
  ];
}

/** A small job behind a long one of somebody else's, on one worker thread. */
export const workerQueue: Injector = {
  cause: 'ipc_queue',
  prepare: start,
  async inject(ms) {
    void context.with(ROOT_CONTEXT, () => run(ms));
    return { stretches: await stretchesOf(3) };
  },
  cleanup: end,
};

/** A long job of its own. */
export const slowWorker: Injector = {
  cause: 'child_service',
  prepare: start,
  async inject(ms) {
    return { stretches: await stretchesOf(ms) };
  },
  cleanup: end,
};
