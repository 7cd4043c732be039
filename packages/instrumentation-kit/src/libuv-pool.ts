import { types } from 'node:util';
import { getEnvironmentData, isMainThread, setEnvironmentData, threadId } from 'node:worker_threads';
import { shared } from '@sonde/event-stream';
import { createLibuvPool } from './libuv-pool-account.ts';
import { LIBUV_POOL_BYTES } from './libuv-pool-memory.ts';

/**
 * The account of the libuv thread pool. libuv tells nobody how busy its pool is, so every instrumentation that starts
 * work on it counts in here (fs, crypto, zlib; name look-ups as slow work), and the sum over all threads of the process
 * is compared with the size of the pool, which they share.
 *
 * Waiting is measured, not guessed: the integral over time of the number of queued operations is kept, and by Little's
 * law (L = lambda W) that integral divided by the operations is their mean time in the queue. The clock is read only
 * while the pool is saturated: an operation costs some 35 ns otherwise.
 */
export interface LibuvPool {
  /**
   * An operation was handed to the pool. Call `leave` exactly once for it, also when it fails.
   * @param nowMs `performance.now()` of this thread if it was just read: saves reading it again
   * @param trips how often it goes through the pool, one after the other (`readFile`: open, fstat, read, close). Default 1
   * @returns a ticket for `leave` and `takenUpMs`, -1 when it need not wait or nobody follows the queue
   */
  enter(nowMs?: number, trips?: number): number;
  leave(nowMs?: number, ticket?: number): void;
  /** As `enter`, for what libuv calls slow work (getaddrinfo, getnameinfo): it may hold half of the threads at most. */
  enterSlow(nowMs?: number): number;
  leaveSlow(nowMs?: number, ticket?: number): void;
  /**
   * When a thread of the pool took up an operation (its last trip) that was handed over at `startMs` and ended at `endMs`,
   * on the clock of this thread: `startMs` when it did not have to wait, `endMs` when no thread is known to have. Ask right
   * after `leave`: tickets are used again after 16,384 others.
   */
  takenUpMs(ticket: number, startMs: number, endMs: number): number;
  /** Tells single operations' waits from now on, in all threads of the process. Returns the undo. */
  follow(): () => void;
  /** Threads of the pool: UV_THREADPOOL_SIZE as libuv reads it (1 to 1024, default 4). */
  readonly size: number;
  /** Operations handed over and not finished, of all threads. */
  readonly inFlight: number;
  /** How many of them no thread of the pool can have taken up yet. */
  readonly queued: number;
  /** Totals since the process started; advances the integrals to now. Some 100 ns. */
  snapshot(): LibuvPoolSnapshot;
  /** Tells what this thread occupies, at once; for linking threads. */
  onAllocate(listener: (descriptor: LibuvPoolDescriptor) => void): () => void;
  /** Nothing to do, the memory is shared from the start. False unless it is a descriptor of this process' account. */
  attach(descriptor: LibuvPoolDescriptor): boolean;
  /** A thread has ended: what it left in flight is taken out. False when it is not known here. */
  detach(threadId: number): boolean;
}

export interface LibuvPoolSnapshot {
  readonly size: number;
  readonly inFlight: number;
  readonly queued: number;
  /** Most operations in flight at once. */
  readonly maxInFlight: number;
  /** Operations finished. */
  readonly operations: number;
  /** Seconds during which every thread of the pool was taken. */
  readonly saturatedSeconds: number;
  /** Integral of `queued` over time; divided by `operations`: the mean wait of one, in seconds. */
  readonly queueSeconds: number;
}

/** A slot of the account, taken by one thread. */
export interface LibuvPoolDescriptor {
  readonly version: 1;
  readonly threadId: number;
}

/** The size of the pool for a value of UV_THREADPOOL_SIZE, as libuv's init_threads reads it: atoi, 1 to 1024. */
export function libuvPoolSize(variable: string | undefined): number {
  if (variable === undefined) return 4;
  const value = Number.parseInt(variable, 10);
  if (Number.isNaN(value) || value === 0) return 1;
  // A negative number becomes a huge unsigned one there.
  return value < 0 ? 1024 : Math.min(value, 1024);
}

const ENVIRONMENT_KEY = 'sonde.libuv.pool.1';

/** Workers started later find the account in their environment data: the pool is one for the whole process. */
function memoryOfProcess(): SharedArrayBuffer {
  const inherited = getEnvironmentData(ENVIRONMENT_KEY) as unknown;
  if (types.isSharedArrayBuffer(inherited) && inherited.byteLength === LIBUV_POOL_BYTES) return inherited;
  const memory = new SharedArrayBuffer(LIBUV_POOL_BYTES);
  if (isMainThread) setEnvironmentData(ENVIRONMENT_KEY, memory as never);
  return memory;
}

function createProcessAccount(): LibuvPool {
  // performance.now() starts at another moment in each thread; the monotonic clock behind hrtime is common to all.
  const offsetMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();
  return createLibuvPool({
    memory: memoryOfProcess(),
    threadId,
    size: () => libuvPoolSize(process.env.UV_THREADPOOL_SIZE),
    now: () => performance.now(),
    offsetMs,
  });
}

/**
 * The account of this process' pool, the same in all threads and for all copies of the kit. Take it once and keep it.
 * A worker that was started before the first call in the main thread has an account of its own.
 */
export function libuvPool(): LibuvPool {
  return shared('kit.libuv-pool', createProcessAccount);
}
