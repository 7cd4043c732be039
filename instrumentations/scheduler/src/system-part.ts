import { OperatingSystem } from './operating-system.ts';
import type { Part, Surroundings } from './part.ts';
import { announceWorkerTid, knownWorkerTids } from './worker-tids.ts';

const V8_POOL_SIZE = /^--v8-pool-size=(\d+)$/;
/** Node's default of --v8-pool-size. */
const DEFAULT_V8_POOL_SIZE = 4;

function v8PoolSize(): number {
  const option = process.execArgv.map((argument) => V8_POOL_SIZE.exec(argument)).find((match) => match !== null);
  return option === undefined ? DEFAULT_V8_POOL_SIZE : Number(option[1]);
}

/** Starts the readings of the operating system. In a worker it only tells the main thread which thread it is. */
export function startSystem({ config, instruments, isMainThread }: Surroundings, watcherTid: () => number): Part {
  announceWorkerTid();
  if (!isMainThread) return { stop: () => undefined };
  const system = new OperatingSystem({
    instruments,
    maxThreads: config.maxThreads,
    facts: () => ({
      pid: process.pid,
      v8PoolSize: v8PoolSize(),
      workerTids: knownWorkerTids(),
      watcherTid: watcherTid(),
    }),
  });
  return { observe: () => system.observe(), stop: () => system.close() };
}
