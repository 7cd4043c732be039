import type { ChromeTrace, ChromeTraceEvent } from '../../src/trace-export/types.ts';

export type Complete = ChromeTraceEvent & { readonly dur: number };

/** The slices of each track, as both viewers sort them. */
export function tracksOf({ traceEvents }: ChromeTrace): Map<string, Complete[]> {
  const tracks = new Map<string, Complete[]>();
  for (const event of traceEvents) {
    if (event.ph !== 'X') continue;
    const key = `${event.pid}/${event.tid}`;
    const slices = tracks.get(key) ?? [];
    slices.push(event as Complete);
    tracks.set(key, slices);
  }
  for (const slices of tracks.values()) slices.sort((a, b) => a.ts - b.ts || b.dur - a.dur);
  return tracks;
}

/** What a viewer would drop or draw wrongly, as sentences. */
export function faultsOf(trace: ChromeTrace): string[] {
  return [...orderFaults(trace), ...trackFaults(trace), ...flowFaults(trace)];
}

function orderFaults({ traceEvents }: ChromeTrace): string[] {
  const faults: string[] = [];
  let last = 0;
  let hasBegun = false;
  for (const { ph, ts, name, pid, tid } of traceEvents) {
    if (!(ts >= last)) faults.push(`${name} at ${ts} comes after ${last}`);
    if (ph === 'M' && hasBegun) faults.push(`the name ${name} comes after what it names`);
    if (ph !== 'M') hasBegun = true;
    if (![pid, tid].every((id) => Number.isInteger(id) && id > 0 && id < 2 ** 32)) faults.push(`${name} has no place`);
    last = ts;
  }
  const named = new Set(traceEvents.filter(({ name }) => name === 'thread_name').map(({ tid }) => tid));
  const threads = traceEvents.filter(({ name }) => name === 'thread_name').length;
  if (named.size !== threads) faults.push('a thread number is used twice');
  for (const { ph, tid, name } of traceEvents) {
    if (ph !== 'M' && !named.has(tid)) faults.push(`the thread of ${name} has no name`);
  }
  return faults;
}

/** Within a track, slices lie within one another or apart, with a gap between them. */
function trackFaults(trace: ChromeTrace): string[] {
  const faults: string[] = [];
  for (const slices of tracksOf(trace).values()) {
    const open: Complete[] = [];
    for (const slice of slices) {
      if (!(slice.dur > 0)) faults.push(`${slice.name} has no length`);
      while (open.length > 0 && endOf(open.at(-1) as Complete) < slice.ts) open.pop();
      const around = open.at(-1);
      if (around !== undefined && endOf(slice) > endOf(around)) faults.push(`${slice.name} overlaps ${around.name}`);
      open.push(slice);
      if (open.length > 512) faults.push(`${slice.name} lies deeper than Perfetto looks`);
    }
  }
  return faults;
}

function endOf({ ts, dur }: Complete): number {
  return ts + dur;
}

/** Each arrow has a start and, later in the file, an end, each right behind the slice it belongs to. */
function flowFaults({ traceEvents }: ChromeTrace): string[] {
  const faults: string[] = [];
  const open = new Set<number>();
  const lastInTrack = new Map<number, ChromeTraceEvent>();
  for (const event of traceEvents) {
    const { ph, id = 0, tid, ts, name } = event;
    if (ph === 'X') lastInTrack.set(tid, event);
    if (ph !== 's' && ph !== 'f') continue;
    if (lastInTrack.get(tid)?.ts !== ts) faults.push(`an end of arrow ${id} (${name}) belongs to no slice`);
    if (ph === 's') open.add(id);
    else if (!open.delete(id)) faults.push(`arrow ${id} ends before it starts`);
  }
  for (const id of open) faults.push(`arrow ${id} has no end`);
  return faults;
}
