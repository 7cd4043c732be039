import type { Forest, TraceNode } from './trace-tree.ts';
import { visit } from './trace-tree.ts';
import type { TraceSpan } from './types.ts';

/** A forest with the one tree that is looked at. */
export interface RootedTree<S extends TraceSpan = TraceSpan> {
  readonly forest: Forest<S>;
  readonly root: TraceNode<S>;
  /** Root first, parents before children. */
  readonly nodes: readonly TraceNode<S>[];
  readonly orphans: number;
  readonly adopted: number;
}

/**
 * Chooses the root: the one asked for, else the longest span without a parent id, else, where the true root was lost or
 * lies in a service that was not asked, the longest whose parent is missing.
 * @throws RangeError without any span, or where the one asked for is not there
 */
export function plantRoot<S extends TraceSpan>(
  forest: Forest<S>,
  wanted: string | undefined,
  adoptsOrphans: boolean,
): RootedTree<S> {
  const root = wanted === undefined ? naturalRoot(forest) : forest.byId.get(wanted);
  if (root === undefined) {
    throw wanted === undefined
      ? new RangeError('criticalPath: spans must hold at least one finished span of the trace, got none')
      : new RangeError(`criticalPath: rootSpanId must be the id of a span of the trace, got ${JSON.stringify(wanted)}`);
  }
  // An orphan may be an ancestor of a root that has one, or have nothing to do with it.
  const mayAdopt = adoptsOrphans && root.parent === undefined;
  root.parent = undefined;
  let orphans = 0;
  let adopted = 0;
  for (const node of forest.nodes) {
    if (node.parent !== undefined || node === root || node.facts.parentSpanId === undefined) continue;
    orphans += 1;
    if (!mayAdopt || !isWithin(node, root)) continue;
    adopted += 1;
    node.isAdopted = true;
    node.parent = root;
    root.children.push(node);
  }
  const nodes: TraceNode<S>[] = [];
  visit(root, (node) => nodes.push(node));
  return { forest, root, nodes, orphans, adopted };
}

function naturalRoot<S extends TraceSpan>({ nodes }: Forest<S>): TraceNode<S> | undefined {
  let best: TraceNode<S> | undefined;
  for (const node of nodes) {
    if (node.parent === undefined && (best === undefined || isBetterRoot(node, best))) best = node;
  }
  return best;
}

function isBetterRoot(node: TraceNode, than: TraceNode): boolean {
  const isTrue = node.facts.parentSpanId === undefined;
  if (isTrue !== (than.facts.parentSpanId === undefined)) return isTrue;
  const longer = node.end - node.start - (than.end - than.start);
  return longer > 0 || (longer === 0 && node.start < than.start);
}

/**
 * A span whose parent was lost descends from the root of its trace. Where the root's own parent is missing too, one with
 * the same parent is a sibling, and one from another time may be anything.
 */
function isWithin(node: TraceNode, root: TraceNode): boolean {
  if (root.facts.parentSpanId !== undefined && root.facts.parentSpanId === node.facts.parentSpanId) return false;
  return node.start < root.end && node.end > root.start;
}
