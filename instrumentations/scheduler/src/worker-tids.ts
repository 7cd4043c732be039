import { types } from 'node:util';
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';
import { unobserved } from '@sonde/instrumentation-kit';
import { currentTid } from './current-tid.ts';

/** Workers remembered; beyond it the oldest is forgotten. */
const CAPACITY = 256;
const KEY = 'sonde.scheduler.worker_tids.1';

function cells(): Int32Array | undefined {
  const inherited = getEnvironmentData(KEY) as unknown;
  if (types.isSharedArrayBuffer(inherited) && inherited.byteLength === (CAPACITY + 1) * 4) {
    return new Int32Array(inherited);
  }
  if (!isMainThread) return undefined;
  const memory = new SharedArrayBuffer((CAPACITY + 1) * 4);
  setEnvironmentData(KEY, memory as never);
  return new Int32Array(memory);
}

/** In a worker: tells its kernel thread to the main thread. In the main thread: makes the list that workers inherit. */
export function announceWorkerTid(): void {
  const list = cells();
  if (isMainThread || list === undefined) return;
  const tid = unobserved(currentTid);
  if (tid > 0) Atomics.store(list, 1 + (Atomics.add(list, 0, 1) % CAPACITY), tid);
}

/** Kernel threads of the workers that announced themselves, some of which may have ended. */
export function knownWorkerTids(): Set<number> {
  const list = cells();
  return new Set(list === undefined ? [] : list.subarray(1).filter((tid) => tid > 0));
}
