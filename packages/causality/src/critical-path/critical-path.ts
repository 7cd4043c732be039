import { checkIterable } from '../check-iterable.ts';
import { shiftClocks } from './clock-shift.ts';
import { resolveOptions } from './options.ts';
import { blameOf, labelOf } from './read-span.ts';
import { joinInTime, type PathTree } from './returning.ts';
import { plantRoot, type RootedTree } from './root.ts';
import { byId, growForest, type TraceNode, visit } from './trace-tree.ts';
import type {
  ClockShift,
  CriticalPath,
  CriticalPathOptions,
  OperationTotal,
  PathSegment,
  TraceEntry,
  TraceNotes,
  TraceSpan,
} from './types.ts';
import { type Stretch, walkBack } from './walk.ts';

const NANOS_PER_MS = 1e6;

/**
 * Says which spans of a finished trace its duration consists of: walking back from the end of the root, whatever returned
 * last is what was waited for. The segments follow each other without gaps, so that they sum up to the root's duration; a
 * faster span on the path makes the trace faster, one beside it does not. Handles children that outlive their parents,
 * fan-in by links, clocks that differ, lost parents, and whatever else `notes` then tells. O(n log n): 2 us a span in
 * traces of a thousand, 3.5 us in one of a hundred thousand.
 *
 * @param spans the spans of one trace, in any order; those of other traces are left out
 * @throws TypeError, RangeError for bad options, or where there is no finished span to look at
 */
export function criticalPath<S extends TraceSpan>(
  spans: Iterable<S>,
  options: CriticalPathOptions = {},
): CriticalPath<S> {
  checkIterable('criticalPath', 'spans', spans);
  const { traceId, rootSpanId, toleranceMs, maxClockShiftMs, adoptOrphans } = resolveOptions(options);
  const forest = growForest(spans, traceId);
  const tree = plantRoot(forest, rootSpanId, adoptOrphans);
  const clockShifts = shiftClocks(tree, maxClockShiftMs);
  const toleranceNs = toleranceMs * NANOS_PER_MS;
  const joined = joinInTime(tree.root, toleranceNs);
  const stretches = walkBack(joined, forest, toleranceNs);
  const { start, end } = joined.root;
  const segments = stretches.map((stretch) => segmentOf(stretch, start));
  return {
    traceId: forest.traceId,
    root: tree.root.span,
    startTimeMs: forest.originSeconds * 1000 + start / NANOS_PER_MS,
    durationMs: (end - start) / NANOS_PER_MS,
    segments,
    operations: operationsOf(stretches, end - start),
    tree: entriesOf(joined, tree.root, selfTimes(stretches)),
    notes: notesOf(tree, joined, clockShifts),
  };
}

function segmentOf<S extends TraceSpan>(stretch: Stretch<S>, origin: number): PathSegment<S> {
  const { node } = stretch.path;
  return {
    span: node.span,
    startMs: (stretch.start - origin) / NANOS_PER_MS,
    endMs: (stretch.end - origin) / NANOS_PER_MS,
    selfMs: (stretch.end - stretch.start) / NANOS_PER_MS,
    waitsFor: stretch.waitsFor?.node.span,
    blame: blameOf(node.facts.attributes),
  };
}

function selfTimes<S extends TraceSpan>(stretches: readonly Stretch<S>[]): Map<TraceNode<S>, number> {
  const times = new Map<TraceNode<S>, number>();
  for (const { path, start, end } of stretches) times.set(path.node, (times.get(path.node) ?? 0) + end - start);
  return times;
}

function operationsOf<S extends TraceSpan>(stretches: readonly Stretch<S>[], total: number): OperationTotal[] {
  const groups = new Map<string, { name: string; service: string; self: number; spans: Set<TraceNode<S>> }>();
  for (const { path, start, end } of stretches) {
    const { name } = path.node.facts;
    const { service } = path.node.process;
    const key = JSON.stringify([service, name]);
    let group = groups.get(key);
    if (group === undefined) {
      group = { name, service, self: 0, spans: new Set() };
      groups.set(key, group);
    }
    group.self += end - start;
    group.spans.add(path.node);
  }
  return [...groups.values()]
    .map(({ name, service, self, spans }) => ({
      name,
      service,
      selfMs: self / NANOS_PER_MS,
      share: total > 0 ? self / total : 0,
      spans: spans.size,
    }))
    .sort((a, b) => b.selfMs - a.selfMs);
}

function entriesOf<S extends TraceSpan>(
  { byNode, root: top }: PathTree<S>,
  root: TraceNode<S>,
  selfOf: ReadonlyMap<TraceNode<S>, number>,
): TraceEntry<S>[] {
  const entries: TraceEntry<S>[] = [];
  const placeOf = new Map<TraceNode<S> | undefined, number>();
  for (const node of byNode.keys()) node.children.sort((a, b) => a.start - b.start || byId(a, b));
  visit(root, (node) => {
    const parent = placeOf.get(node.parent) ?? -1;
    const path = byNode.get(node);
    placeOf.set(node, entries.length);
    entries.push({
      span: node.span,
      name: labelOf(node.facts),
      parent,
      depth: parent < 0 ? 0 : (entries[parent] as TraceEntry<S>).depth + 1,
      process: node.process.label,
      thread: node.thread,
      startMs: ((path?.start ?? node.start) - top.start) / NANOS_PER_MS,
      endMs: ((path?.end ?? node.end) - top.start) / NANOS_PER_MS,
      selfMs: (selfOf.get(node) ?? 0) / NANOS_PER_MS,
      isOnPath: path?.isOnPath === true,
      isError: node.facts.isError,
      isAdopted: node.isAdopted,
      blame: blameOf(node.facts.attributes),
    });
  });
  return entries;
}

function notesOf<S extends TraceSpan>(
  { forest, nodes, orphans, adopted }: RootedTree<S>,
  { cut, detached }: PathTree<S>,
  clockShifts: readonly ClockShift[],
): TraceNotes {
  const { duplicates, unreadable, otherTraces, negative, cycles } = forest;
  return {
    duplicates,
    unreadable,
    otherTraces,
    negative,
    cycles,
    orphans,
    adopted,
    unrelated: forest.nodes.length - nodes.length,
    cut,
    detached,
    clockShifts,
  };
}
