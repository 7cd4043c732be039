/** What a thread of the process is for. */
export type ThreadRole = 'main' | 'worker' | 'libuv' | 'v8' | 'inspector' | 'sonde' | 'other';

/** Name of the watcher's thread; the kernel keeps 15 characters. */
export const WATCHER_NAME = 'sonde-watcher';

/** Names that Node 24 and later, and libuv 1.50 and later, give their threads. */
const BY_NAME: Readonly<Record<string, ThreadRole>> = {
  'libuv-worker': 'libuv',
  DelayedTaskSche: 'v8',
  V8Worker: 'v8',
  'node-V8Worker': 'v8',
  SignalInspector: 'inspector',
  InspectorIo: 'inspector',
  'node-InspectorI': 'inspector',
  WorkerThread: 'worker',
  [WATCHER_NAME]: 'sonde',
};

/** A thread as /proc shows it. */
export interface SeenThread {
  readonly tid: number;
  /** /proc/PID/task/TID/comm */
  readonly name: string;
}

/** What is known of the process besides the names of its threads. */
export interface ProcessFacts {
  readonly pid: number;
  /** Threads that V8's platform starts: --v8-pool-size. */
  readonly v8PoolSize: number;
  /** Worker threads whose kernel thread is known. */
  readonly workerTids: ReadonlySet<number>;
  readonly watcherTid: number;
}

/**
 * Tells what a thread is for. Before Node 24 most threads are called after the process: there V8's are those that follow
 * its delayed-task scheduler, and of the others only workers that told their thread id are known.
 */
export function roleOf(thread: SeenThread, all: readonly SeenThread[], facts: ProcessFacts): ThreadRole {
  const { tid, name } = thread;
  if (tid === facts.pid) return 'main';
  if (tid === facts.watcherTid) return 'sonde';
  if (Object.hasOwn(BY_NAME, name)) return BY_NAME[name] as ThreadRole;
  if (facts.workerTids.has(tid)) return 'worker';
  const scheduler = all.find((other) => other.name === 'DelayedTaskSche');
  const isUnnamed = all.some((other) => other.tid === facts.pid && other.name === name);
  const rank = scheduler === undefined ? 0 : tid - scheduler.tid;
  return isUnnamed && rank >= 1 && rank <= facts.v8PoolSize ? 'v8' : 'other';
}
