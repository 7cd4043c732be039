import { WaitList } from './wait-list.ts';

/** Roots that are open at once; beyond them the oldest are given up: they may be of spans that never end. */
const MAX_OPEN = 10_000;

/** What is noted about one local root while somebody wants to know. */
export class RootWaits extends WaitList {
  readonly traceId: string;
  readonly spanId: string;
  readonly startMs: number;
  /** Who wants to know. */
  readonly reader: object;
  /** Its neighbours among the open ones. */
  older: RootWaits | undefined = undefined;
  newer: RootWaits | undefined = undefined;
  isOpen = false;

  constructor(context: { readonly traceId: string; readonly spanId: string }, startMs: number, reader: object) {
    super();
    this.traceId = context.traceId;
    this.spanId = context.spanId;
    this.startMs = startMs;
    this.reader = reader;
  }
}

/**
 * The local roots that have begun and not ended: a list, so that a root costs a few nanoseconds. From when somebody asks by
 * trace id for the first time, there is an index, too.
 */
export class OpenRoots {
  #oldest: RootWaits | undefined;
  #newest: RootWaits | undefined;
  #size = 0;
  #index: Map<string, RootWaits[]> | undefined;

  add(root: RootWaits): void {
    root.isOpen = true;
    root.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = root;
    else this.#newest.newer = root;
    this.#newest = root;
    this.#size += 1;
    if (this.#index !== undefined) enter(this.#index, root);
    if (this.#size > MAX_OPEN && this.#oldest !== undefined) this.delete(this.#oldest);
  }

  delete(root: RootWaits): void {
    if (!root.isOpen) return;
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

  /** The open roots of a trace. */
  of(traceId: string): readonly RootWaits[] {
    this.#index ??= this.#createIndex();
    return this.#index.get(traceId) ?? [];
  }

  /** The only one, if there is only one. */
  get sole(): RootWaits | undefined {
    return this.#size === 1 ? this.#newest : undefined;
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
