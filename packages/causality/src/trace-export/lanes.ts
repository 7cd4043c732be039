import type { TraceNode } from '../critical-path/trace-tree.ts';

/** A span as a viewer draws it. Times in microseconds since the start of the trace. */
export interface Slice {
  readonly node: TraceNode;
  readonly from: number;
  /** Never whole: see {@link sliceEnd}. */
  readonly to: number;
  /** 0 is the first lane of its thread. */
  lane: number;
  /** Slices around it in its lane. */
  depth: number;
}

/** Perfetto drops what lies deeper than 512. */
const MAX_DEPTH = 400;
/** How far up an open ancestor is looked for. */
const MAX_ANCESTORS = 64;

/**
 * Ends lie half a microsecond before a whole one, starts on whole ones: so neighbours never touch, for which speedscope
 * has no order, nothing has no length, and what lay within its parent still does.
 */
export function sliceEnd(from: number, endUs: number): number {
  return Math.max(endUs - 0.5, from + 0.5);
}

/**
 * Lays the slices of one thread out into lanes, in which slices follow each other or lie within an ancestor, as both
 * viewers demand of a track. A child goes below its parent where it fits; what overlaps goes to the first lane that is
 * free. O(n log n).
 *
 * @param slices of one thread, in the order of {@link byStart}
 * @returns how many lanes there are
 */
export function layOut(slices: readonly Slice[]): number {
  /** The open slices of each lane, outermost first. */
  const lanes: Slice[][] = [];
  const laneOf = new Map<TraceNode, Slice>();
  const free = new Heap<number>((a, b) => a - b);
  const busy = new Heap<Slice>((a, b) => a.to - b.to);
  for (const slice of slices) {
    for (let done = busy.peek(); done !== undefined && done.to < slice.from; done = busy.peek()) {
      busy.pop();
      free.push(done.lane);
    }
    const around = roomWithin(slice, lanes, laneOf);
    if (around === undefined) {
      slice.lane = free.pop() ?? lanes.push([]) - 1;
      lanes[slice.lane] = [slice];
      busy.push(slice);
    } else {
      slice.lane = around.lane;
      slice.depth = around.depth + 1;
      (lanes[slice.lane] as Slice[]).push(slice);
    }
    laneOf.set(slice.node, slice);
  }
  return lanes.length;
}

/** The innermost open slice of the lane of the nearest open ancestor, if that is what it is and there is room. */
function roomWithin(slice: Slice, lanes: readonly Slice[][], laneOf: ReadonlyMap<TraceNode, Slice>): Slice | undefined {
  let ancestor = slice.node.parent;
  for (let i = 0; i < MAX_ANCESTORS && ancestor !== undefined; i += 1, ancestor = ancestor.parent) {
    const around = laneOf.get(ancestor);
    if (around === undefined || around.to < slice.from) continue;
    const open = lanes[around.lane] as Slice[];
    while (open.length > 0 && (open.at(-1) as Slice).to < slice.from) open.pop();
    return open.at(-1) === around && slice.to <= around.to && around.depth < MAX_DEPTH ? around : undefined;
  }
  return undefined;
}

/** Parents before their children, whatever the clock says of them. */
export function byStart(a: Slice, b: Slice): number {
  return a.from - b.from || b.to - a.to;
}

/** A binary heap. */
class Heap<T> {
  readonly #items: T[] = [];
  readonly #compare: (a: T, b: T) => number;

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    const items = this.#items;
    let place = items.length;
    while (place > 0) {
      const above = (place - 1) >>> 1;
      if (this.#compare(items[above] as T, item) <= 0) break;
      items[place] = items[above] as T;
      place = above;
    }
    items[place] = item;
  }

  pop(): T | undefined {
    const items = this.#items;
    const [first] = items;
    const last = items.pop();
    if (last === undefined || items.length === 0) return first;
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      if (below + 1 < items.length && this.#compare(items[below + 1] as T, items[below] as T) < 0) below += 1;
      if (below >= items.length || this.#compare(last, items[below] as T) <= 0) break;
      items[place] = items[below] as T;
      place = below;
    }
    items[place] = last;
    return first;
  }
}
