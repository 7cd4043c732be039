import type { CpuWindow, Times } from './sweep.ts';

/** What the thread waited for a CPU whenever it was to be woken for the request: as long as on the average of the window. */
export function wakesIn(windows: readonly CpuWindow[], wokenMs: readonly number[]): Times[] {
  const wakes: Times[] = [];
  const inOrder = [...wokenMs].sort((left, right) => left - right);
  for (const { startMs, endMs, amountMs, ofBusyMs, wakes: count } of windows) {
    const eachMs = (amountMs - (ofBusyMs >= 0 ? Math.min(ofBusyMs, amountMs) : 0)) / count;
    if (!(eachMs > 0 && count >= 1)) continue;
    let lastMs = startMs;
    for (const atMs of inOrder) {
      if (!(atMs > lastMs && atMs <= endMs)) continue;
      wakes.push({ startMs: Math.max(lastMs, atMs - eachMs), endMs: atMs });
      lastMs = atMs;
    }
  }
  return wakes;
}
