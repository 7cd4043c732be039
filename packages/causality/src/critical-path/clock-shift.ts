import { SpanKind } from '@opentelemetry/api';
import type { TraceProcess } from './place.ts';
import type { RootedTree } from './root.ts';
import type { TraceNode } from './trace-tree.ts';
import type { ClockShift, TraceSpan } from './types.ts';

const NANOS_PER_MS = 1e6;

/** A parent and a child in different processes. */
interface Crossing {
  readonly parent: TraceNode;
  readonly child: TraceNode;
}

/**
 * Moves the clock of each process by as little as makes children begin after their parents, and server spans end before
 * the client spans that wait for them; the root's process keeps its clock. Clocks of machines differ by milliseconds, so
 * a process that breaks no law is left alone, and so is one whose evidence is further off than `maxShiftMs`.
 */
export function shiftClocks<S extends TraceSpan>({ root, nodes }: RootedTree<S>, maxShiftMs: number): ClockShift[] {
  const offsets = offsetsFrom(root.process, crossingsOf(nodes as readonly TraceNode[]), maxShiftMs * NANOS_PER_MS);
  for (const node of nodes) {
    const offset = offsets.get(node.process) ?? 0;
    node.start += offset;
    node.end += offset;
  }
  return [...offsets]
    .filter(([, offset]) => offset !== 0)
    .map(([process, offset]) => ({ process: process.label, shiftMs: offset / NANOS_PER_MS }));
}

/** Offsets in nanoseconds of all processes that crossings lead to, the nearest first. */
function offsetsFrom(
  first: TraceProcess,
  crossings: ReadonlyMap<TraceProcess, Crossing[]>,
  limit: number,
): Map<TraceProcess, number> {
  const offsets = new Map([[first, 0]]);
  // A map is iterated in the order of insertion, and what is added meanwhile comes last.
  for (const process of offsets.keys()) {
    for (const { parent, child } of crossings.get(process) ?? []) {
      const other = parent.process === process ? child.process : parent.process;
      if (!offsets.has(other)) offsets.set(other, offsetOf(other, crossings.get(other) ?? [], offsets, limit));
    }
  }
  return offsets;
}

function crossingsOf(nodes: readonly TraceNode[]): Map<TraceProcess, Crossing[]> {
  const crossings = new Map<TraceProcess, Crossing[]>();
  const add = (process: TraceProcess, crossing: Crossing): void => {
    const list = crossings.get(process);
    if (list === undefined) crossings.set(process, [crossing]);
    else list.push(crossing);
  };
  for (const child of nodes) {
    const { parent } = child;
    if (parent === undefined || parent.process === child.process || child.isAdopted) continue;
    add(parent.process, { parent, child });
    add(child.process, { parent, child });
  }
  return crossings;
}

/** The offset nearest to 0 among those that all crossings to processes of known offset allow. */
function offsetOf(
  process: TraceProcess,
  crossings: readonly Crossing[],
  known: ReadonlyMap<TraceProcess, number>,
  limit: number,
): number {
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  for (const crossing of crossings) {
    const bounds = boundsOf(process, crossing, known);
    if (Math.abs(bounds.low) <= limit) low = Math.max(low, bounds.low);
    if (Math.abs(bounds.high) <= limit) high = Math.min(high, bounds.high);
  }
  // Where the laws contradict each other, clocks drifted: that children begin after their parents holds without exception.
  return low > high ? low : Math.min(Math.max(0, low), high);
}

/** What one crossing allows; infinities, where its other end is not known yet. */
function boundsOf(
  process: TraceProcess,
  { parent, child }: Crossing,
  known: ReadonlyMap<TraceProcess, number>,
): { readonly low: number; readonly high: number } {
  const begins = parent.start - child.start;
  const ends = isWaitedFor(parent, child) ? parent.end - child.end : Number.POSITIVE_INFINITY;
  const isParent = parent.process === process;
  const other = known.get(isParent ? child.process : parent.process);
  if (other === undefined) return { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  return isParent ? { low: other - ends, high: other - begins } : { low: other + begins, high: other + ends };
}

/** A client span ends after its server span, which therefore cannot be longer. */
function isWaitedFor(parent: TraceNode, child: TraceNode): boolean {
  const isCall = parent.facts.kind === SpanKind.CLIENT && child.facts.kind === SpanKind.SERVER;
  return isCall && child.end - child.start <= parent.end - parent.start;
}
