import { ARMS, PARKED } from './watch-memory.ts';

/** How long after the last sign of work the thread is still looked at closely. */
const LINGER_MS = 30_000;
/** How often it is looked at later. */
const PARKED_INTERVAL_MS = 2000;

/** Whether the watcher may sleep deeply, and how long. */
export interface Rest {
  readonly ms: number;
  readonly isParked: boolean;
}

export interface WatchRestConfig {
  readonly cells: Int32Array;
  readonly nowMs: number;
  /** An idle thread can be told from a blocked one; where it cannot, there is nothing to look at until work begins. */
  readonly canSeeWaiting: boolean;
}

/**
 * Lets the watcher sleep when the watched thread does. A thread that nothing is known to begin in (no request, no span,
 * no turn of some length) for half a minute is looked at each two seconds only, until something begins: that wakes the
 * watcher at once.
 */
export class WatchRest {
  readonly #cells: Int32Array;
  readonly #canSeeWaiting: boolean;
  #arms = 0;
  #armedMs: number;

  constructor({ cells, nowMs, canSeeWaiting }: WatchRestConfig) {
    this.#cells = cells;
    this.#canSeeWaiting = canSeeWaiting;
    this.#armedMs = nowMs;
  }

  /** What to sleep until; for the wait on the cell `ARMS`. */
  get arms(): number {
    return this.#arms;
  }

  /**
   * @param delayMs when the detector wants to look again
   * @param isCalm the thread was waiting at the last look
   */
  next(nowMs: number, delayMs: number, isCalm: boolean): Rest {
    this.#notice(nowMs);
    const isParked = isCalm && nowMs - this.#armedMs >= LINGER_MS;
    Atomics.store(this.#cells, PARKED, isParked ? 1 : 0);
    // Work that began before it could see the mark has woken nobody.
    if (!isParked || this.#notice(nowMs)) return { ms: delayMs, isParked: false };
    return { ms: this.#canSeeWaiting ? PARKED_INTERVAL_MS : Number.POSITIVE_INFINITY, isParked: true };
  }

  #notice(nowMs: number): boolean {
    const arms = Atomics.load(this.#cells, ARMS);
    if (arms === this.#arms) return false;
    this.#arms = arms;
    this.#armedMs = nowMs;
    return true;
  }
}

/** In the watched thread: something begins. Some 10 ns; wakes the watcher if it sleeps deeply. @returns true then */
export function arm(cells: Int32Array): boolean {
  Atomics.add(cells, ARMS, 1);
  if (cells[PARKED] !== 1) return false;
  Atomics.store(cells, PARKED, 0);
  Atomics.notify(cells, ARMS);
  return true;
}
