import { ProcessRegistry, type TraceProcess } from '../critical-path/place.ts';
import { readSpan } from '../critical-path/read-span.ts';
import { type Forest, growForest, type TraceNode, visit } from '../critical-path/trace-tree.ts';
import type { TraceSpan } from '../critical-path/types.ts';
import { byStart, type Slice, sliceEnd } from './lanes.ts';

const NANOS_PER_US = 1000;
const US_PER_SECOND = 1e6;

/** The spans to be written, of however many traces. */
export interface Gathered<S extends TraceSpan> {
  readonly forests: readonly Forest<S>[];
  /** In the order of {@link byStart}. */
  readonly slices: readonly Slice[];
  readonly processes: readonly TraceProcess[];
  /** Epoch microseconds that times count from. */
  readonly zeroUs: number;
  readonly left: number;
  readonly unreadable: number;
}

/**
 * Reads spans, and keeps the longest `maxSpans`.
 * @param earliestUs epoch microseconds of the first of whatever else is written
 */
export function gather<S extends TraceSpan>(spans: Iterable<S>, maxSpans: number, earliestUs: number): Gathered<S> {
  const byTrace = new Map<string, S[]>();
  let unreadable = 0;
  for (const span of spans) {
    const traceId = readSpan(span)?.traceId;
    if (traceId === undefined) unreadable += 1;
    else put(byTrace, traceId, span);
  }
  const processes = new ProcessRegistry();
  const forests = [...byTrace].map(([traceId, group]) => growForest(group, traceId, processes));
  const nodes = forests.flatMap((forest) => inOrder(forest).map((node) => ({ node, forest })));
  const left = nodes.length - maxSpans;
  const kept = left > 0 ? longest(nodes, maxSpans) : nodes;
  const zeroUs = Math.floor(
    nodes.reduce((zero, { node, forest }) => Math.min(zero, startUs(node, forest)), earliestUs),
  );
  const slices = kept.map(({ node, forest }) => sliceOf(node, startUs(node, forest) - zeroUs));
  return {
    forests,
    processes: processes.all,
    slices: slices.sort(byStart),
    zeroUs,
    left: Math.max(0, left),
    unreadable,
  };
}

/** Parents before children. */
function inOrder(forest: Forest): TraceNode[] {
  const nodes: TraceNode[] = [];
  for (const node of forest.nodes) if (node.parent === undefined) visit(node, (one) => nodes.push(one));
  return nodes;
}

function longest<T extends { readonly node: TraceNode }>(nodes: readonly T[], count: number): T[] {
  const lengthOf = ({ node }: T): number => node.end - node.start;
  const kept = new Set(nodes.toSorted((a, b) => lengthOf(b) - lengthOf(a)).slice(0, count));
  return nodes.filter((one) => kept.has(one));
}

function startUs(node: TraceNode, { originSeconds }: Forest): number {
  return originSeconds * US_PER_SECOND + Math.floor(node.start / NANOS_PER_US);
}

function sliceOf(node: TraceNode, from: number): Slice {
  const lengthUs = Math.floor(node.end / NANOS_PER_US) - Math.floor(node.start / NANOS_PER_US);
  return { node, from, to: sliceEnd(from, from + lengthUs), lane: 0, depth: 0 };
}

function put<K, V>(groups: Map<K, V[]>, key: K, value: V): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [value]);
  else group.push(value);
}
