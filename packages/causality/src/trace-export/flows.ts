import type { Forest, TraceNode } from '../critical-path/trace-tree.ts';
import type { TraceSpan } from '../critical-path/types.ts';
import type { Slice } from './lanes.ts';
import type { Track } from './tracks.ts';
import type { ChromeTraceEvent } from './types.ts';

/** An arrow from one slice to another. */
interface Flow {
  readonly name: 'child' | 'link' | 'culprit';
  readonly from: Slice;
  readonly to: Slice;
}

/** Starts and ends of arrows, by the slice that they are written behind. */
export type FlowEnds = ReadonlyMap<Slice, readonly ChromeTraceEvent[]>;

/**
 * Arrows from parents to children in another track, and along links. Both ends are written right behind the slice that
 * they belong to, at its start: Perfetto gives an arrow to the slice that began last in its track.
 */
export function flowEnds<S extends TraceSpan>(
  slices: readonly Slice[],
  forests: readonly Forest<S>[],
  trackOf: (slice: Slice) => Track,
): FlowEnds {
  const ends = new Map<Slice, ChromeTraceEvent[]>();
  const add = (slice: Slice, event: Partial<ChromeTraceEvent>, { name }: Flow): void => {
    const list = ends.get(slice) ?? [];
    list.push({ cat: 'flow', name, ts: slice.from, ...trackOf(slice), ...event } as ChromeTraceEvent);
    ends.set(slice, list);
  };
  let id = 0;
  for (const flow of flowsOf(slices, forests, trackOf)) {
    id += 1;
    add(flow.from, { ph: 's', id }, flow);
    add(flow.to, { ph: 'f', bp: 'e', id }, flow);
  }
  return ends;
}

function* flowsOf<S extends TraceSpan>(
  slices: readonly Slice[],
  forests: readonly Forest<S>[],
  trackOf: (slice: Slice) => Track,
): Iterable<Flow> {
  const byTrace = new Map(forests.map((forest) => [forest.traceId, forest.byId]));
  /** Slices written so far: an arrow has to start before it ends, so one from a later slice is not drawn. */
  const written = new Map<TraceNode, Slice>();
  for (const to of slices) {
    written.set(to.node, to);
    const from = to.node.parent && written.get(to.node.parent);
    if (from !== undefined && !isWithin(to, from, trackOf)) yield { name: 'child', from, to };
    yield* linksTo(to, (traceId, spanId) => written.get(byTrace.get(traceId)?.get(spanId) as TraceNode));
  }
}

function* linksTo(to: Slice, find: (traceId: string, spanId: string) => Slice | undefined): Iterable<Flow> {
  for (const { traceId, spanId, isCulprit } of to.node.facts.links) {
    const from = find(traceId, spanId);
    if (from !== undefined && from !== to) yield { name: isCulprit ? 'culprit' : 'link', from, to };
  }
}

function isWithin(slice: Slice, around: Slice, trackOf: (slice: Slice) => Track): boolean {
  return trackOf(slice).tid === trackOf(around).tid && slice.from < around.to;
}
