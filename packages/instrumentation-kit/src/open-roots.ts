import { WaitList } from './wait-list.ts';

/** Roots that are open at once; beyond them the oldest are given up: they may be of spans that never end. */
const MAX_OPEN = 10_000;

const PASSAGES = ['behind', 'woken', 'ran'] as const;
/**
 * How a request fared in the loop, from when it was seen. Up to the moment at which it was seen to go on, the loop was at
 * work: `behind` since then at least; `woken` since then, and before it waited for events. `ran`: the request did.
 */
export type Passage = (typeof PASSAGES)[number];
export type PassageVisitor = (passage: Passage, startMs: number, endMs: number, amountMs: number) => void;

/** What is noted about one local root while somebody wants to know. */
export class RootWaits extends WaitList {
  #turns: WaitList | undefined;
  readonly traceId: string;
  readonly spanId: string;
  readonly startMs: number;
  /** Who wants to know. */
  readonly reader: object;
  /** Its neighbours in the list that it is in. */
  older: RootWaits | undefined = undefined;
  newer: RootWaits | undefined = undefined;
  list: RootList | undefined = undefined;

  constructor(context: { readonly traceId: string; readonly spanId: string }, startMs: number, reader: object) {
    super();
    this.traceId = context.traceId;
    this.spanId = context.spanId;
    this.startMs = startMs;
    this.reader = reader;
  }

  /** Whether nothing was noted. */
  get isBlank(): boolean {
    return this.size === 0 && this.#turns === undefined;
  }

  /** How it fared in the loop; see `Passage`. The caller has checked the times. */
  addPassage(passage: Passage, startMs: number, endMs: number): void {
    this.#turns ??= new WaitList();
    this.#turns.add(PASSAGES.indexOf(passage), startMs, endMs);
  }

  visitPassages(visitor: PassageVisitor): void {
    this.#turns?.visit((kind, ...times) => visitor(PASSAGES[kind] as Passage, ...times));
  }
}

/** Roots in the order in which they came. */
class RootList {
  oldest: RootWaits | undefined;
  newest: RootWaits | undefined;
  size = 0;

  add(root: RootWaits): void {
    root.list = this;
    root.older = this.newest;
    if (this.newest === undefined) this.oldest = root;
    else this.newest.newer = root;
    this.newest = root;
    this.size += 1;
  }

  delete(root: RootWaits): void {
    if (root.older === undefined) this.oldest = root.newer;
    else root.older.newer = root.newer;
    if (root.newer === undefined) this.newest = root.older;
    else root.newer.older = root.older;
    root.older = undefined;
    root.newer = undefined;
    root.list = undefined;
    this.size -= 1;
  }
}

/**
 * The local roots of which something may still be told: those that run, and those that have ended and not been read. Lists,
 * so that a root costs a few nanoseconds. From when somebody asks by trace id for the first time, there is an index, too.
 */
export class OpenRoots {
  readonly #running = new RootList();
  readonly #ended = new RootList();
  #index: Map<string, RootWaits[]> | undefined;

  add(root: RootWaits): void {
    this.#running.add(root);
    if (this.#index !== undefined) enter(this.#index, root);
    if (this.#running.size > MAX_OPEN && this.#running.oldest !== undefined) this.delete(this.#running.oldest);
  }

  /** It does nothing any more; what it waited for may still be told. */
  stop(root: RootWaits): void {
    if (root.list !== this.#running) return;
    this.#running.delete(root);
    this.#ended.add(root);
  }

  delete(root: RootWaits): void {
    if (root.list === undefined) return;
    root.list.delete(root);
    if (this.#index !== undefined) leave(this.#index, root);
  }

  /** The roots of a trace. */
  of(traceId: string): readonly RootWaits[] {
    this.#index ??= this.#createIndex();
    return this.#index.get(traceId) ?? [];
  }

  /** The only one that runs, if there is only one. */
  get sole(): RootWaits | undefined {
    return this.#running.size === 1 ? this.#running.newest : undefined;
  }

  clear(): void {
    for (const list of [this.#running, this.#ended]) {
      while (list.newest !== undefined) this.delete(list.newest);
    }
    this.#index = undefined;
  }

  #createIndex(): Map<string, RootWaits[]> {
    const index = new Map<string, RootWaits[]>();
    for (const list of [this.#ended, this.#running]) {
      for (let root = list.oldest; root !== undefined; root = root.newer) enter(index, root);
    }
    return index;
  }
}

function enter(index: Map<string, RootWaits[]>, root: RootWaits): void {
  const roots = index.get(root.traceId);
  if (roots === undefined) index.set(root.traceId, [root]);
  else roots.push(root);
}

function leave(index: Map<string, RootWaits[]>, root: RootWaits): void {
  const roots = index.get(root.traceId);
  if (roots === undefined) return;
  if (roots.length === 1) index.delete(root.traceId);
  else roots.splice(roots.indexOf(root), 1);
}
