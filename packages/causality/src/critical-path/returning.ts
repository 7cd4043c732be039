import { byId, type TraceNode } from './trace-tree.ts';
import type { TraceSpan } from './types.ts';

/** How a span hangs together with others in time. */
export interface PathNode<S extends TraceSpan = TraceSpan> {
  readonly node: TraceNode<S>;
  readonly start: number;
  readonly end: number;
  /**
   * The nearest ancestor that was still open when this span began. A parent that had ended (it sent a message, it set a
   * timer) can no longer be what the time was spent in.
   */
  readonly spawner: PathNode<S> | undefined;
  /** Spans that ended while this one was the nearest ancestor still open: what it may have waited for. The last first. */
  readonly returning: PathNode<S>[];
  /** How many of `returning` were passed. */
  passed: number;
  isOnPath: boolean;
}

/** The spans below a root, joined in time. */
export interface PathTree<S extends TraceSpan = TraceSpan> {
  readonly root: PathNode<S>;
  readonly byNode: ReadonlyMap<TraceNode<S>, PathNode<S>>;
  readonly cut: number;
  readonly detached: number;
}

interface Visit<S extends TraceSpan> {
  readonly path: PathNode<S>;
  nextChild: number;
  readonly leave: () => void;
}

/**
 * Finds, for each span, the ancestors that it began and ended in. A child may outlive its parent: then it returns to the
 * nearest ancestor that outlives it, and where there is none, nobody waited for it.
 */
export function joinInTime<S extends TraceSpan>(root: TraceNode<S>, toleranceNs: number): PathTree<S> {
  const joining = new Joining<S>(root, toleranceNs);
  const stack = [joining.enterRoot()];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const child = top.path.node.children[top.nextChild];
    top.nextChild += 1;
    if (child !== undefined) {
      stack.push(joining.enter(child, top.path));
      continue;
    }
    top.path.returning.sort(lastAndLongestFirst);
    top.leave();
    stack.pop();
  }
  const { rootPath, byNode, cut, detached } = joining;
  return { root: rootPath, byNode, cut, detached };
}

class Joining<S extends TraceSpan> {
  readonly byNode = new Map<TraceNode<S>, PathNode<S>>();
  readonly rootPath: PathNode<S>;
  cut = 0;
  detached = 0;
  readonly #open = new OpenAncestors<S>();
  readonly #toleranceNs: number;

  constructor(root: TraceNode<S>, toleranceNs: number) {
    this.rootPath = pathNode(root, root.start, root.end, undefined);
    this.#toleranceNs = toleranceNs;
  }

  enterRoot(): Visit<S> {
    return this.#visit(this.rootPath);
  }

  enter(node: TraceNode<S>, parent: PathNode<S>): Visit<S> {
    const start = Math.max(node.start, parent.start);
    if (start > node.start) this.cut += 1;
    const end = withinTolerance(Math.max(node.end, start), start, this.rootPath.end, this.#toleranceNs);
    const path = pathNode(node, start, end, this.#open.lastEndingFrom(start));
    const returnsTo = this.#open.lastEndingFrom(end);
    if (returnsTo === undefined) this.detached += 1;
    else returnsTo.returning.push(path);
    return this.#visit(path);
  }

  #visit(path: PathNode<S>): Visit<S> {
    this.byNode.set(path.node, path);
    return { path, nextChild: 0, leave: this.#open.enter(path) };
  }
}

function pathNode<S extends TraceSpan>(
  node: TraceNode<S>,
  start: number,
  end: number,
  spawner: PathNode<S> | undefined,
): PathNode<S> {
  return { node, start, end, spawner, returning: [], passed: 0, isOnPath: false };
}

/** The root's end for a span that outlives it by next to nothing. */
function withinTolerance(end: number, start: number, rootEnd: number, toleranceNs: number): number {
  const isLate = end > rootEnd && start <= rootEnd;
  return isLate && end - rootEnd <= toleratedFor({ start, end }, toleranceNs) ? rootEnd : end;
}

/**
 * By how much a span may end late: the SDK takes the start of a span from a clock of whole milliseconds, so that of two
 * spans that follow each other one may seem to begin before the other ended. Never more than half its length.
 */
export function toleratedFor({ start, end }: Pick<PathNode, 'start' | 'end'>, toleranceNs: number): number {
  return Math.min(toleranceNs, (end - start) / 2);
}

function lastAndLongestFirst(a: PathNode, b: PathNode): number {
  return b.end - a.end || a.start - b.start || byId(a.node, b.node);
}

/**
 * The ancestors of the span that is being entered, without those that cannot be the nearest to outlast anything because
 * a descendant of theirs ends later. Ends descend from the root inwards, so that a binary search finds one; entering
 * overwrites one place, and leaving restores it.
 */
class OpenAncestors<S extends TraceSpan> {
  readonly #places: PathNode<S>[] = [];
  #length = 0;

  /** The innermost ancestor that ends at `time` or later. */
  lastEndingFrom(time: number): PathNode<S> | undefined {
    return this.#places[this.#firstBelow(time) - 1];
  }

  /** @returns what leaves it again */
  enter(path: PathNode<S>): () => void {
    const length = this.#length;
    let place = this.#firstBelow(path.end);
    // One that ends at the same time is further out, and never the nearest again.
    if (place > 0 && (this.#places[place - 1] as PathNode<S>).end === path.end) place -= 1;
    const replaced = this.#places[place];
    this.#places[place] = path;
    this.#length = place + 1;
    return () => {
      this.#length = length;
      if (replaced !== undefined) this.#places[place] = replaced;
    };
  }

  /** How many, from the root inwards, end at `time` or later. */
  #firstBelow(time: number): number {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#places[middle] as PathNode<S>).end >= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
