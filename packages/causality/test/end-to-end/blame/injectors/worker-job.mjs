/** The worker of the pool: sleeps for a job, and says when it did, in epoch milliseconds. */
const cell = new Int32Array(new SharedArrayBuffer(4));
const now = () => performance.timeOrigin + performance.now();

export function work(ms) {
  const startedAt = now();
  Atomics.wait(cell, 0, 0, ms);
  return { startedAt, endedAt: now() };
}
