import { printable } from '@sonde/instrumentation-kit';
import { criticalPath } from '../critical-path/critical-path.ts';
import { readSpan } from '../critical-path/read-span.ts';
import type { Forest } from '../critical-path/trace-tree.ts';
import type { CriticalPath, PathSegment, TraceEntry, TraceSpan } from '../critical-path/types.ts';
import { argsOf } from './args.ts';
import type { Gathered } from './gather.ts';
import { sliceEnd } from './lanes.ts';
import type { ResolvedExport } from './options.ts';
import type { Track, Tracks } from './tracks.ts';
import type { ChromeTraceArgs, ChromeTraceEvent } from './types.ts';

/** The critical paths, and which spans are on one. */
export interface PathTracks {
  readonly events: readonly ChromeTraceEvent[];
  readonly onPath: ReadonlySet<TraceSpan>;
}

/** One track for the critical path of each of the longest traces, by the clock of its root. */
export function pathTracks<S extends TraceSpan>(
  gathered: Gathered<S>,
  { criticalPaths, attributes }: Pick<ResolvedExport, 'criticalPaths' | 'attributes'>,
  tracks: Tracks,
): PathTracks {
  const paths = longest(gathered.forests, criticalPaths).map(({ nodes }) =>
    criticalPath(nodes.map(({ span }) => span)),
  );
  const onPath = new Set(paths.flatMap(({ tree }) => tree.filter((entry) => entry.isOnPath).map(({ span }) => span)));
  if (paths.length === 0) return { events: [], onPath };
  const pid = tracks.firstProcess('critical path');
  const events = paths.flatMap((path) => {
    const track = tracks.thread(pid, `${path.tree[0]?.name ?? ''} ${path.traceId.slice(0, 16)}`);
    return eventsOf(path, track, path.startTimeMs * 1000 - gathered.zeroUs);
  });
  return { events: attributes ? events : events.map(({ args, ...event }) => event), onPath };
}

type PathEvent = ChromeTraceEvent & { readonly args: ChromeTraceArgs };

function longest<S extends TraceSpan>(forests: readonly Forest<S>[], count: number): Forest<S>[] {
  const lengthOf = ({ nodes }: Forest<S>): number =>
    nodes.reduce((longest, { start, end }) => Math.max(longest, end - start), 0);
  const lengths = new Map(forests.map((forest) => [forest, lengthOf(forest)]));
  return forests.toSorted((a, b) => (lengths.get(b) ?? 0) - (lengths.get(a) ?? 0)).slice(0, count);
}

function eventsOf<S extends TraceSpan>(path: CriticalPath<S>, track: Track, rootUs: number): PathEvent[] {
  const entryOf = new Map(path.tree.map((entry) => [entry.span, entry]));
  const events: PathEvent[] = [];
  for (const segment of path.segments) {
    const ts = Math.floor(rootUs + segment.startMs * 1000);
    const end = Math.floor(rootUs + segment.endMs * 1000);
    // Below a microsecond, it would lie over the next one.
    if (end === ts) continue;
    const entry = entryOf.get(segment.span) as TraceEntry<S>;
    events.push({
      ph: 'X',
      name: printable(entry.name),
      cat: 'critical path',
      ts,
      dur: sliceEnd(ts, end) - ts,
      ...track,
      args: argsOf(factsOf(segment, entry, path.durationMs)),
    });
  }
  return events;
}

function factsOf<S extends TraceSpan>(
  { selfMs, waitsFor, blame }: PathSegment<S>,
  { process, thread, span }: TraceEntry<S>,
  durationMs: number,
): Record<string, unknown> {
  return {
    share: durationMs > 0 ? selfMs / durationMs : 0,
    process,
    ...(thread === '' ? {} : { thread }),
    ...(waitsFor === undefined ? {} : { waits_for: readSpan(waitsFor)?.name }),
    ...Object.fromEntries(blame.map(({ cause, seconds }) => [`blame.${cause}`, seconds])),
    span_id: readSpan(span)?.spanId,
  };
}
