/**
 * `performance.now()` starts at another moment in each thread. What crosses between threads is told on the monotonic
 * clock behind `hrtime`, which all threads of a process share.
 */
const OFFSET_MS = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** A reading of this thread's `performance.now()` on the clock of all threads, in milliseconds. */
export function commonMs(localMs: number): number {
  return localMs + OFFSET_MS;
}

/** The opposite. */
export function localMs(commonMs: number): number {
  return commonMs - OFFSET_MS;
}
