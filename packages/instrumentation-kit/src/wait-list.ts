/** Numbers an entry consists of: kind, start, end, amount. */
const FIELDS = 4;
/** Entries kept of one root; beyond them, neighbours of a kind become one. */
export const MAX_ROOT_WAITS = 64;

/** What is told of one wait. Times are `performance.now()` milliseconds of the thread. */
export type WaitVisitor = (kind: number, startMs: number, endMs: number, amountMs: number) => void;

/**
 * The waits of one local root. Bounded: when it is full, each entry takes in the next one of its kind, as a stretch of which
 * only an amount was waited. The amounts stay true; where in the stretch they lie is forgotten, the older the coarser.
 */
export class WaitList {
  #entries: number[] | undefined;

  get size(): number {
    return this.#entries === undefined ? 0 : this.#entries.length / FIELDS;
  }

  /** Some 10 ns. The caller has checked the times. */
  add(kind: number, startMs: number, endMs: number): void {
    this.#entries ??= [];
    const entries = this.#entries;
    if (this.#extendLast(entries, kind, startMs, endMs)) return;
    if (entries.length >= MAX_ROOT_WAITS * FIELDS) this.#entries = merged(entries);
    this.#entries.push(kind, startMs, endMs, endMs - startMs);
  }

  visit(visitor: WaitVisitor): void {
    const entries = this.#entries ?? [];
    for (let at = 0; at < entries.length; at += FIELDS) {
      visitor(...(entries.slice(at, at + FIELDS) as [number, number, number, number]));
    }
  }

  /** The last entry and the new one are one, if both are waits of one kind without a gap. */
  #extendLast(entries: number[], kind: number, startMs: number, endMs: number): boolean {
    const last = entries.length - FIELDS;
    if (last < 0 || entries[last] !== kind) return false;
    const lastStart = entries[last + 1] as number;
    const lastEnd = entries[last + 2] as number;
    const isWhole = entries[last + 3] === lastEnd - lastStart;
    if (!isWhole || startMs > lastEnd || endMs < lastStart) return false;
    entries[last + 1] = Math.min(lastStart, startMs);
    entries[last + 2] = Math.max(lastEnd, endMs);
    entries[last + 3] = (entries[last + 2] as number) - (entries[last + 1] as number);
    return true;
  }
}

/** Pairs of a kind become one each; at least one pair does, since there are more entries than kinds. */
function merged(entries: readonly number[]): number[] {
  const kept: number[] = [];
  /** For each kind, where in `kept` an entry waits for its partner. */
  const open = new Map<number, number>();
  for (let at = 0; at < entries.length; at += FIELDS) {
    const kind = entries[at] as number;
    const partner = open.get(kind);
    if (partner === undefined) {
      open.set(kind, kept.length);
      kept.push(...entries.slice(at, at + FIELDS));
    } else {
      open.delete(kind);
      takeIn(kept, partner, entries.slice(at, at + FIELDS));
    }
  }
  return kept;
}

function takeIn(kept: number[], at: number, [, startMs = 0, endMs = 0, amountMs = 0]: readonly number[]): void {
  const start = Math.min(kept[at + 1] as number, startMs);
  const end = Math.max(kept[at + 2] as number, endMs);
  // Of two that overlap, the common part was waited once: a bound, since amounts within stretches are not placed.
  const overlap = Math.max(0, Math.min(kept[at + 2] as number, endMs) - Math.max(kept[at + 1] as number, startMs));
  const sum = (kept[at + 3] as number) + amountMs;
  kept[at + 3] = Math.min(end - start, Math.max(sum - overlap, kept[at + 3] as number, amountMs));
  kept[at + 1] = start;
  kept[at + 2] = end;
}
