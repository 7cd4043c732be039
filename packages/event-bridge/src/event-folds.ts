import type { EventRecord } from '@sonde/event-stream';

/** Identical events seen within one window. */
export interface Fold {
  /** The worst of them: highest severity, then largest value. Its trace, numbers and text stand for all. */
  worst: EventRecord;
  count: number;
  /** Epoch milliseconds of the earliest and of the latest of them. */
  firstMs: number;
  lastMs: number;
  /** When the first arrived here, by the reader's clock. */
  readonly openedMs: number;
}

function isWorse(candidate: EventRecord, known: EventRecord): boolean {
  if (candidate.severity !== known.severity) return candidate.severity > known.severity;
  return candidate.value > known.value || (Number.isNaN(known.value) && !Number.isNaN(candidate.value));
}

function keyOf(record: EventRecord): string {
  return JSON.stringify([record.type, record.pid, record.threadId, ...Object.values(record.labels)]);
}

/**
 * Folds events that are alike: same type, labels and thread. A fold is open for `windowMs` from the arrival of its
 * first event by the reader's clock, not by the events' own times, which an emitter may have set to anything.
 */
export class EventFolds {
  readonly #windowMs: number;
  readonly #limit: number;
  /** In order of opening, as a Map keeps it. */
  readonly #open = new Map<string, Fold>();

  constructor(windowMs: number, limit: number) {
    this.#windowMs = windowMs;
    this.#limit = limit;
  }

  /** Takes an event in. Returns a fold that had to be closed early to make room, the oldest, if any. */
  add(record: EventRecord, nowMs: number): Fold | undefined {
    const fresh = { worst: record, count: 1, firstMs: record.time, lastMs: record.time, openedMs: nowMs };
    if (this.#windowMs === 0) return fresh;
    const key = keyOf(record);
    const known = this.#open.get(key);
    if (known === undefined) {
      const evicted = this.#open.size >= this.#limit ? this.#takeOldest() : undefined;
      this.#open.set(key, fresh);
      return evicted;
    }
    known.count += 1;
    known.firstMs = Math.min(known.firstMs, record.time);
    known.lastMs = Math.max(known.lastMs, record.time);
    if (isWorse(record, known.worst)) known.worst = record;
    return undefined;
  }

  /** Removes and returns the folds whose window has ended, oldest first. `Infinity` takes all. */
  takeClosed(nowMs: number): Fold[] {
    const closed: Fold[] = [];
    for (const [key, fold] of this.#open) {
      if (nowMs - fold.openedMs < this.#windowMs) break;
      this.#open.delete(key);
      closed.push(fold);
    }
    return closed;
  }

  /** Events in open folds. */
  get pending(): number {
    let events = 0;
    for (const fold of this.#open.values()) events += fold.count;
    return events;
  }

  #takeOldest(): Fold | undefined {
    for (const [key, fold] of this.#open) {
      this.#open.delete(key);
      return fold;
    }
    return undefined;
  }
}
