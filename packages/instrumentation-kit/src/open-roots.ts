import { WaitList } from './wait-list.ts';

/** Open local roots in each of two generations: what never ends is forgotten when this many newer ones are open. */
const MAX_OPEN = 5000;

/** What is noted about one local root while somebody wants to know. */
export interface RootWaits {
  readonly traceId: string;
  readonly spanId: string;
  readonly startMs: number;
  readonly waits: WaitList;
}

export class OpenRoot implements RootWaits {
  readonly traceId: string;
  readonly spanId: string;
  readonly startMs: number;
  readonly waits: WaitList = new WaitList();
  /** Readers that have not let it go. */
  readers = 1;
  /** Another open root of the same trace. */
  next: OpenRoot | undefined;

  constructor(context: { readonly traceId: string; readonly spanId: string }, startMs: number) {
    this.traceId = context.traceId;
    this.spanId = context.spanId;
    this.startMs = startMs;
  }
}

/** The local roots that have begun and not ended, by trace. Those of one trace are a chain. */
export class OpenRoots {
  #young = new Map<string, OpenRoot>();
  #old = new Map<string, OpenRoot>();

  add(root: OpenRoot): void {
    // BAD: one map, deleting its first entry: V8 walks over all that were deleted before to find it.
    if (this.#young.size >= MAX_OPEN) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    root.next = this.#young.get(root.traceId);
    this.#young.set(root.traceId, root);
  }

  delete(root: OpenRoot): void {
    if (!deleteFrom(this.#young, root)) deleteFrom(this.#old, root);
  }

  /** Calls back with each root of a trace. */
  visit(traceId: string, visitor: (root: OpenRoot) => void): void {
    for (let root = this.#young.get(traceId); root !== undefined; root = root.next) visitor(root);
    for (let root = this.#old.get(traceId); root !== undefined; root = root.next) visitor(root);
  }

  /** The only one, if there is only one. */
  get sole(): OpenRoot | undefined {
    if (this.#young.size !== 1 || this.#old.size > 0) return undefined;
    const [root] = this.#young.values();
    return root?.next === undefined ? root : undefined;
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }
}

function deleteFrom(roots: Map<string, OpenRoot>, root: OpenRoot): boolean {
  const first = roots.get(root.traceId);
  if (first === root) {
    if (root.next === undefined) roots.delete(root.traceId);
    else roots.set(root.traceId, root.next);
    return true;
  }
  for (let other = first; other !== undefined; other = other.next) {
    if (other.next !== root) continue;
    other.next = root.next;
    return true;
  }
  return false;
}
