import type { EventRecord } from '@sonde/event-stream';

/** Identical events, told as one. */
export interface Fold {
  /** The worst of them: highest severity, then largest value. Its trace, numbers and text stand for all. */
  worst: EventRecord;
  count: number;
  /** Epoch milliseconds of the earliest and of the latest of them. */
  firstMs: number;
  lastMs: number;
  /** When the first of them arrived here, by the reader's clock. */
  readonly openedMs: number;
}

function isWorse(candidate: EventRecord, known: EventRecord): boolean {
  if (candidate.severity !== known.severity) return candidate.severity > known.severity;
  return candidate.value > known.value || (Number.isNaN(known.value) && !Number.isNaN(candidate.value));
}

function keyOf(record: EventRecord): string {
  return JSON.stringify([record.type, record.pid, record.threadId, ...Object.values(record.labels)]);
}

/** A fold in the making. */
interface Window {
  /** Undefined while nothing came. */
  fold: Fold | undefined;
  openedMs: number;
  /** Its first events have not been told yet: they do not wait for the end of the window. */
  isFresh: boolean;
}

/**
 * Folds events that are alike: same type, labels and thread. The first of them are told with the next look; what is alike
 * and comes within `windowMs` of that is told once, when that time is over. Windows go by the arrival of events on the
 * reader's clock, not by the events' own times, which an emitter may have set to anything.
 */
export class EventFolds {
  readonly #windowMs: number;
  readonly #limit: number;
  /** In order of opening, as a Map keeps it. */
  readonly #open = new Map<string, Window>();

  constructor(windowMs: number, limit: number) {
    this.#windowMs = windowMs;
    this.#limit = limit;
  }

  /** Takes an event in. Returns a fold that had to be closed early to make room, the oldest, if any. */
  add(record: EventRecord, nowMs: number): Fold | undefined {
    const fresh: Fold = { worst: record, count: 1, firstMs: record.time, lastMs: record.time, openedMs: nowMs };
    if (this.#windowMs === 0) return fresh;
    const key = keyOf(record);
    const window = this.#open.get(key);
    if (window === undefined) {
      const evicted = this.#open.size >= this.#limit ? this.#takeOldest() : undefined;
      this.#open.set(key, { fold: fresh, openedMs: nowMs, isFresh: true });
      return evicted;
    }
    const { fold } = window;
    if (fold === undefined) {
      window.fold = fresh;
      return undefined;
    }
    fold.count += 1;
    fold.firstMs = Math.min(fold.firstMs, record.time);
    fold.lastMs = Math.max(fold.lastMs, record.time);
    if (isWorse(record, fold.worst)) fold.worst = record;
    return undefined;
  }

  /**
   * Takes out the folds that are due, oldest first: those of events that nothing alike came before, and those whose window
   * has ended. After each its window begins anew. `Infinity` takes all and ends all windows.
   */
  takeClosed(nowMs: number): Fold[] {
    const closed: Fold[] = [];
    for (const [key, window] of [...this.#open]) {
      if (!(window.isFresh || nowMs - window.openedMs >= this.#windowMs)) continue;
      this.#open.delete(key);
      if (window.fold === undefined) continue;
      closed.push(window.fold);
      if (nowMs !== Number.POSITIVE_INFINITY) {
        this.#open.set(key, { fold: undefined, openedMs: nowMs, isFresh: false });
      }
    }
    return closed;
  }

  /** Events that have not been told. */
  get pending(): number {
    let events = 0;
    for (const { fold } of this.#open.values()) events += fold?.count ?? 0;
    return events;
  }

  #takeOldest(): Fold | undefined {
    for (const [key, { fold }] of this.#open) {
      this.#open.delete(key);
      return fold;
    }
    return undefined;
  }
}
