import { pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import type { Injector } from '../injector.ts';

const JOBS = 16;
const THREADS = 4;
let iterationsPerMs = 0;

function derive(iterations: number): Promise<void> {
  return new Promise((resolve, reject) => {
    pbkdf2('secret', 'salt', iterations, 32, 'sha256', (error) => (error === null ? resolve() : reject(error)));
  });
}

/** How fast 16 jobs on 4 threads are on this machine, at present. */
async function calibrate(): Promise<void> {
  const iterations = 2000;
  await Promise.all(Array.from({ length: JOBS }, () => derive(iterations)));
  const startMs = performance.now();
  await Promise.all(Array.from({ length: JOBS }, () => derive(iterations)));
  iterationsPerMs = iterations / (performance.now() - startMs);
}

interface Jobs {
  /** When each was handed over. */
  readonly handedMs: readonly number[];
  /** When each ended so far, in that order. */
  readonly endsMs: readonly number[];
  readonly all: Promise<unknown>;
}

function deriveAll(iterations: number): Jobs {
  const endsMs: number[] = [];
  const handedMs: number[] = [];
  const job = (): Promise<unknown> => {
    handedMs.push(performance.now());
    return derive(iterations).then(() => endsMs.push(performance.now()));
  };
  return { handedMs, endsMs, all: Promise.all(Array.from({ length: JOBS }, job)) };
}

/** 16 jobs of its own on 4 threads: the fifth is the first to be queued, the last one starts when 12 have ended. */
export const ownPool: Injector = {
  cause: 'pool',
  prepare: calibrate,
  async inject(ms) {
    const { handedMs, endsMs, all } = deriveAll(Math.ceil(iterationsPerMs * ms * (JOBS / (JOBS - THREADS))));
    await all;
    const startMs = handedMs[THREADS] as number;
    const lastStartMs = endsMs[JOBS - THREADS - 1] as number;
    return {
      stretches: [
        { cause: 'pool_work', startMs: handedMs[0] as number, endMs: endsMs[JOBS - 1] as number },
        { cause: 'pool', startMs, endMs: lastStartMs },
      ],
    };
  },
};

/** A small job behind 16 of somebody else's: it starts when 13 of them have ended. */
export const pool: Injector = {
  cause: 'pool',
  prepare: calibrate,
  async inject(ms) {
    const { endsMs } = context.with(ROOT_CONTEXT, () => deriveAll(Math.ceil((iterationsPerMs * ms * JOBS) / 13)));
    const startMs = performance.now();
    await promisify(randomBytes)(16);
    return { stretches: [{ cause: 'pool', startMs, endMs: endsMs[JOBS - THREADS] ?? performance.now() }] };
  },
};
