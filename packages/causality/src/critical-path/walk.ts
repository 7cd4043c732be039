import { type PathNode, type PathTree, toleratedFor } from './returning.ts';
import type { Forest } from './trace-tree.ts';
import type { TraceSpan } from './types.ts';

/** A part of the path, in nanoseconds. */
export interface Stretch<S extends TraceSpan = TraceSpan> {
  readonly path: PathNode<S>;
  start: number;
  readonly end: number;
  readonly waitsFor: PathNode<S> | undefined;
}

/**
 * Walks from the end of the root backwards. In a span, what happened last before the present moment was the return of the
 * last child that had ended by then; before that, the span itself was busy. At its start the walk goes on in whatever the
 * span began in (Zhang et al., "CRISP: Critical Path Analysis of Large-Scale Microservice Architectures", USENIX ATC
 * 2022), or in a span that it is linked to, where that one returned later.
 *
 * Deviations: children are not cut at the end of their parent but return to the ancestor that was still open, since in
 * Node.js most work goes on after the span that started it has ended; links are followed; all is a loop, so that no
 * depth is too deep. Time only goes back and each list of children is passed once.
 */
export function walkBack<S extends TraceSpan>(
  { root, byNode }: PathTree<S>,
  { byId }: Forest<S>,
  toleranceNs: number,
): Stretch<S>[] {
  const stretches: Stretch<S>[] = [];
  let current = root;
  let time = root.end;
  let waitsFor: PathNode<S> | undefined;
  const spend = (path: PathNode<S>, start: number): void => {
    if (start >= time) return;
    path.isOnPath = true;
    const last = stretches.at(-1);
    if (last?.path === path && last.waitsFor === undefined && waitsFor === undefined) last.start = start;
    else stretches.push({ path, start, end: time, waitsFor });
    time = start;
    waitsFor = undefined;
  };
  for (;;) {
    current.isOnPath = true;
    const child = lastReturning(current, time, toleranceNs);
    if (child !== undefined) {
      spend(current, Math.min(child.end, time));
      waitsFor = undefined;
      current = child;
      continue;
    }
    spend(current, current.start);
    const { spawner } = current;
    if (spawner === undefined) break;
    waitsFor = isElsewhere(current, spawner) ? current : undefined;
    const hasEnded = (path: PathNode<S>): boolean => path.end - time <= toleratedFor(path, toleranceNs);
    const source = linkedSource(current, hasEnded, (id) => byNode.get(byId.get(id) as never));
    const rival = Math.max(lastReturning(spawner, time, toleranceNs)?.end ?? spawner.start, spawner.start);
    if (source !== undefined && Math.min(source.end, time) >= Math.min(rival, time)) {
      spend(spawner, Math.min(source.end, time));
      waitsFor = undefined;
      current = source;
    } else current = spawner;
  }
  return stretches.reverse();
}

/** The child that ended last by `time`. What had not ended by then has not ended at any earlier time either. */
function lastReturning<S extends TraceSpan>(
  path: PathNode<S>,
  time: number,
  toleranceNs: number,
): PathNode<S> | undefined {
  const { returning } = path;
  for (; path.passed < returning.length; path.passed += 1) {
    const child = returning[path.passed] as PathNode<S>;
    if (!child.isOnPath && child.end - time <= toleratedFor(child, toleranceNs)) return child;
  }
  return undefined;
}

/** The linked span that ended last before this one began. The root has no spawner, and waits for all. */
function linkedSource<S extends TraceSpan>(
  path: PathNode<S>,
  hasEnded: (source: PathNode<S>) => boolean,
  find: (id: string) => PathNode<S> | undefined,
): PathNode<S> | undefined {
  let last: PathNode<S> | undefined;
  const { links, traceId } = path.node.facts;
  for (const link of links) {
    const source = link.traceId === traceId && !link.isCulprit ? find(link.spanId) : undefined;
    if (source === undefined || source.isOnPath || source.spawner === undefined || !hasEnded(source)) continue;
    if (last === undefined || source.end > last.end) last = source;
  }
  return last;
}

/** Whether a span began in another thread or process than the one it began in, or after its own parent had ended. */
function isElsewhere(path: PathNode, spawner: PathNode): boolean {
  const { node } = path;
  return node.process !== spawner.node.process || node.thread !== spawner.node.thread || node.parent !== spawner.node;
}
