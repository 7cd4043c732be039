import { CAUSES, type Cause, type Split } from './causes.ts';
import type { Blame } from './sweep.ts';

/** Causes told in a sentence at most. */
const MAX_PARTS = 3;
/** A cause with a smaller part of the time is not told. */
const MIN_PART = 0.05;

/** What a request does, and does not wait for. */
const OWN_WORK: ReadonlySet<Cause> = new Set<Cause>(['own_turn', 'busy_loop', 'pool_work']);

const PHRASES: Readonly<Record<Exclude<Cause, 'unexplained'>, string>> = {
  own_turn: 'running itself',
  blocked_loop: 'behind a blocked event loop',
  busy_loop: 'in a busy event loop',
  gc: 'garbage collection',
  cpu: 'waiting for a CPU',
  pool: 'in the queue of the libuv pool',
  pool_work: 'working in the libuv pool',
  filesystem: 'file system',
  connect: 'name look-ups and connecting',
  ipc_queue: 'in the queue of another thread or process',
  child_service: 'others working for it',
};

function duration(ms: number): string {
  if (ms >= 9995) return `${(ms / 1000).toFixed(1)} s`;
  if (ms >= 999.5) return `${(ms / 1000).toFixed(2)} s`;
  return ms >= 9.95 ? `${ms.toFixed(0)} ms` : `${ms.toFixed(1)} ms`;
}

/** Routes are the application's, and may be long. */
function behind(route: string): string {
  return `behind ${route.length <= 100 ? route : `${route.slice(0, 99).toWellFormed()}…`}`;
}

/**
 * E.g. "waited 180 ms: 140 ms garbage collection, 35 ms behind /x", which is all of the waiting that is explained; "took" and
 * the whole duration where its own work is among it. Undefined when nothing is explained.
 */
export function summarize(split: Readonly<Split>, culprits: Blame['culprits']): string | undefined {
  let wallMs = 0;
  for (const cause of CAUSES) wallMs += split[cause];
  const parts = CAUSES.filter((cause) => cause !== 'unexplained')
    .filter((cause) => split[cause] > MIN_PART * wallMs)
    .sort((left, right) => split[right] - split[left])
    .slice(0, MAX_PARTS);
  if (parts.length === 0) return undefined;
  const [main] = culprits;
  const told = parts.map((cause) => {
    // One who is to blame for nearly all of it is named.
    const isNamed = cause === 'blocked_loop' && main?.culprit.route !== undefined && main.ms >= split[cause] / 2;
    return `${duration(split[cause])} ${isNamed ? behind(main.culprit.route as string) : PHRASES[cause]}`;
  });
  const isWork = parts.some((cause) => OWN_WORK.has(cause));
  const whole = isWork ? `took ${duration(wallMs)}` : `waited ${duration(wallMs - split.unexplained)}`;
  return `${whole}: ${told.join(', ')}`;
}
