import { readFileSync } from 'node:fs';

/** For how long this thread has been ready and without a CPU so far, in ms; 0 where the kernel does not tell. */
export function starvedMs(): number {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}

/** Keeps the thread busy until a time. Returns when it really stopped. */
export function burnUntil(endMs: number): number {
  let nowMs = performance.now();
  while (nowMs < endMs) nowMs = performance.now();
  return nowMs;
}

/** CPU time of this thread so far, in ms. */
export function threadCpuMs(): number {
  const { user, system } = (
    process as unknown as { threadCpuUsage(): { user: number; system: number } }
  ).threadCpuUsage();
  return (user + system) / 1000;
}

/** Keeps the thread busy until it has used so much CPU. */
export function burnCpu(ms: number): void {
  const untilCpuMs = threadCpuMs() + ms;
  while (threadCpuMs() < untilCpuMs) burnUntil(performance.now() + 0.5);
}
