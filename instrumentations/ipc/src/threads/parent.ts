import workerThreads, {
  getEnvironmentData,
  isMainThread,
  parentPort,
  setEnvironmentData,
  threadId,
  workerData,
} from 'node:worker_threads';
import type { HybridClock } from '@sonde/event-stream';
import { TakenUp } from '../taken-up.ts';
import { type Arena, openArena } from './arena.ts';
import type { Link } from './link.ts';
import type { ObservedPort } from './observed-port.ts';
import type { Ports } from './ports.ts';
import { beginRing, TAKEN } from './ring-layout.ts';
import { RingReader } from './ring-reader.ts';
import { RingWriter } from './ring-writer.ts';
import { StartContext } from './start-context.ts';
import { ARENA_KEY, WORKER_SYSTEM } from './workers.ts';

const now = performance.now.bind(performance);
const PARENT = 'parent';

/** Takes up the memory that this worker shares with its parent; undefined where there is none, or not for this thread. */
function takeArena(): Arena | undefined {
  const arena = openArena(getEnvironmentData(ARENA_KEY));
  // Or workers of this one would inherit it.
  if (arena !== undefined) setEnvironmentData(ARENA_KEY, undefined as never);
  return arena?.attach(threadId) === true ? arena : undefined;
}

/**
 * Whether messages can have been received unseen: somebody listens already. Then what is in the rings cannot be told to
 * belong to what message, and none are used.
 */
function isTooLate(): boolean {
  return parentPort === null || parentPort.listenerCount('message') > 0 || parentPort.listenerCount('messageerror') > 0;
}

/** Takes in what came with the start. */
function openStart(
  observed: ObservedPort,
  link: Link,
  parts: { clock: HybridClock; ports: Ports },
): StartContext | undefined {
  const reader = new RingReader(link.arena.start, parts.clock, { peer: undefined, taken: 0 });
  if (reader.pending === 0) return undefined;
  const { context: started } = reader.take(0, now(), 0);
  if (reader.miss !== undefined) return undefined;
  if (reader.ports !== '') parts.ports.transfers.adopt(observed, reader.ports, workerData);
  return StartContext.of(started);
}

/** Begins to observe the way to the thread that has started this one. */
export function observeParent(ports: Ports, clock: HybridClock): StartContext | undefined {
  if (isMainThread || workerThreads.parentPort === null || parentPort === null) return undefined;
  const isEarly = !isTooLate();
  const observed = ports.observe(parentPort, { system: WORKER_SYSTEM, destination: PARENT });
  const arena = isEarly ? takeArena() : undefined;
  if (arena === undefined) return undefined;
  const link: Link = { arena, destination: PARENT, isDown: false, takenUp: new TakenUp() };
  const { down, up } = arena.worker;
  observed.link = link;
  // Nothing, when this is early enough. Otherwise the parent has counted what came without slots.
  beginRing(up, Atomics.load(up.header, TAKEN));
  observed.writer = new RingWriter(up, clock, link);
  observed.reader = new RingReader(down, clock, { peer: link, taken: 0 });
  const start = openStart(observed, link, { clock, ports });
  // A worker that is told by messages what to do no longer works for whoever has started it.
  if (start !== undefined) for (const port of ports.all()) port.onMessage = () => start.end();
  return start;
}
