import type { TraceProcess } from '../critical-path/place.ts';
import type { TraceSpan } from '../critical-path/types.ts';
import type { Gathered } from './gather.ts';
import type { Instant } from './instants.ts';
import { layOut, type Slice } from './lanes.ts';
import { byThread, type Track, type Tracks, threadName } from './tracks.ts';

/** An event and, for one of a span, the process of that span. */
export interface PlacedInstant extends Instant {
  readonly process: TraceProcess | undefined;
}

/** Which track everything is in. */
export interface ThreadPlan {
  trackOf(slice: Slice): Track;
  trackOfInstant(instant: PlacedInstant): Track;
}

/** What one thread shows. */
interface Thread {
  readonly slices: Slice[];
  lanes: readonly Track[];
  hasInstants: boolean;
  instants: Track | undefined;
}

/** A process, by the object that spans share or by the pid that events give. */
type ProcessKey = TraceProcess | number | undefined;

/**
 * Gives each thread its tracks: lanes for its spans, and below them one for events, which would otherwise take the place
 * of the slice that an arrow ends at.
 */
export function placeThreads<S extends TraceSpan>(
  { slices, processes }: Gathered<S>,
  instants: readonly PlacedInstant[],
  tracks: Tracks,
): ThreadPlan {
  const byPid = new Map(processes.map((process) => [process.pid, process]).reverse() as [number, TraceProcess][]);
  const keyOf = ({ process, pid }: PlacedInstant): ProcessKey => process ?? byPid.get(pid as number) ?? pid;
  const all = new Map<ProcessKey, Map<string, Thread>>(processes.map((process) => [process, new Map()]));
  for (const slice of slices) threadIn(all, slice.node.process, slice.node.thread).slices.push(slice);
  for (const instant of instants) threadIn(all, keyOf(instant), instant.thread).hasInstants = true;
  for (const [key, threads] of all) nameTracks(key, threads, tracks);
  return {
    trackOf: ({ node, lane }) => threadIn(all, node.process, node.thread).lanes[lane] as Track,
    trackOfInstant: (instant) => threadIn(all, keyOf(instant), instant.thread).instants as Track,
  };
}

function threadIn(all: Map<ProcessKey, Map<string, Thread>>, key: ProcessKey, name: string): Thread {
  let threads = all.get(key);
  if (threads === undefined) {
    threads = new Map();
    all.set(key, threads);
  }
  const id = name === '0' ? '' : name;
  let thread = threads.get(id);
  if (thread === undefined) {
    thread = { slices: [], lanes: [], hasInstants: false, instants: undefined };
    threads.set(id, thread);
  }
  return thread;
}

function nameTracks(key: ProcessKey, threads: Map<string, Thread>, tracks: Tracks): void {
  if (threads.size === 0) return;
  const process = typeof key === 'object' ? key : { pid: key, label: `process ${key ?? ''}` };
  const pid = tracks.process(process.pid, process.label);
  for (const id of [...threads.keys()].sort(byThread)) {
    const thread = threads.get(id) as Thread;
    const name = threadName(id);
    const lanes = layOut(thread.slices);
    thread.lanes = Array.from({ length: lanes }, (_, i) => tracks.thread(pid, i === 0 ? name : `${name} (${i + 1})`));
    if (thread.hasInstants) thread.instants = tracks.thread(pid, `${name} events`);
  }
}
