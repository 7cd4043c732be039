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
  /** Its neighbours among the open ones. */
  older: RootWaits | undefined = undefined;
  newer: RootWaits | undefined = undefined;
  isOpen = false;
  /** Its span has not ended. */
  isRunning = false;

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

/**
 * The local roots of which something may still be told: those that run, and those that have ended and not been read. A list,
 * so that a root costs a few nanoseconds. From when somebody asks by trace id for the first time, there is an index, too.
 */
export class OpenRoots {
  #oldest: RootWaits | undefined;
  #newest: RootWaits | undefined;
  #size = 0;
  #running = 0;
  #index: Map<string, RootWaits[]> | undefined;

  add(root: RootWaits): void {
    root.isOpen = true;
    root.isRunning = true;
    root.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = root;
    else this.#newest.newer = root;
    this.#newest = root;
    this.#size += 1;
    this.#running += 1;
    if (this.#index !== undefined) enter(this.#index, root);
    if (this.#size > MAX_OPEN && this.#oldest !== undefined) this.delete(this.#oldest);
  }

  /** It does nothing any more; what it waited for may still be told. */
  stop(root: RootWaits): void {
    if (!root.isRunning) return;
    root.isRunning = false;
    this.#running -= 1;
  }

  delete(root: RootWaits): void {
    if (!root.isOpen) return;
    this.stop(root);
    root.isOpen = false;
    if (root.older === undefined) this.#oldest = root.newer;
    else root.older.newer = root.newer;
    if (root.newer === undefined) this.#newest = root.older;
    else root.newer.older = root.older;
    root.older = undefined;
    root.newer = undefined;
    this.#size -= 1;
    if (this.#index !== undefined) leave(this.#index, root);
  }

  /** The roots of a trace. */
  of(traceId: string): readonly RootWaits[] {
    this.#index ??= this.#createIndex();
    return this.#index.get(traceId) ?? [];
  }

  /** The only one that runs, if there is only one. Some nanoseconds for each that began later and was not read yet. */
  get sole(): RootWaits | undefined {
    if (this.#running !== 1) return undefined;
    let root = this.#newest;
    while (root !== undefined && !root.isRunning) root = root.older;
    return root;
  }

  clear(): void {
    while (this.#newest !== undefined) this.delete(this.#newest);
    this.#index = undefined;
  }

  #createIndex(): Map<string, RootWaits[]> {
    const index = new Map<string, RootWaits[]>();
    for (let root = this.#oldest; root !== undefined; root = root.newer) enter(index, root);
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
