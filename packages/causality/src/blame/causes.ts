import type { Wait } from '@sonde/instrumentation-kit';

/**
 * What the wall time of a local root span is split into. Exclusive, and their sum is the wall time:
 * `own_turn` long turns of the event loop in which it ran itself; `blocked_loop` those of others; `busy_loop` short turns,
 * its own among them; `gc`; `cpu` ready, but without a CPU; `pool` in the queue of the libuv pool; `pool_work` its own work
 * on the pool; `filesystem`; `connect` name look-up and connecting; `ipc_queue` its messages waited to be taken up;
 * `child_service` others worked for it; `unexplained` the rest.
 */
export const CAUSES = [
  'own_turn',
  'blocked_loop',
  'busy_loop',
  'gc',
  'cpu',
  'pool',
  'pool_work',
  'filesystem',
  'connect',
  'ipc_queue',
  'child_service',
  'unexplained',
] as const;
export type Cause = (typeof CAUSES)[number];

/** Waits of which it is known when they were. */
export type RankedWait = Exclude<Wait, 'busy_loop' | 'cpu'>;

/** They, each before those that give way to it. */
export const RANKED: readonly RankedWait[] = [
  // The thread: while it collects or stands still, nothing of any request proceeds.
  'gc',
  'filesystem_sync',
  'blocked_loop',
  // The request itself. What is told more exactly comes first: a read of a file is queued in the pool for a part of it, and
  // a request to a service resolves a name.
  'pool',
  'connect',
  'ipc_queue',
  'filesystem',
  'pool_work',
  'child_service',
];

/** Milliseconds of each cause. */
export type Split = Record<Cause, number>;

export function emptySplit(): Split {
  return {
    own_turn: 0,
    blocked_loop: 0,
    busy_loop: 0,
    gc: 0,
    cpu: 0,
    pool: 0,
    pool_work: 0,
    filesystem: 0,
    connect: 0,
    ipc_queue: 0,
    child_service: 0,
    unexplained: 0,
  };
}

/** The cause that has most of it. */
export function topCause(split: Readonly<Split>): Cause {
  let top: Cause = 'own_turn';
  for (const cause of CAUSES) if (split[cause] > split[top]) top = cause;
  return top;
}
