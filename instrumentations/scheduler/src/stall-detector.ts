/** What the watcher sees at one look at a thread. */
export interface Observation {
  readonly nowMs: number;
  /** Number of the turn that the loop is in; changes with every turn. */
  readonly turn: number;
  /** The thread waits for events, as far as can be told. */
  readonly isIdle: boolean;
}

export interface StallDetectorConfig {
  readonly thresholdMs: number;
}

/** A waiting thread is looked at this often at least. Each look wakes a CPU: it is what the watch costs. */
const MAX_INTERVAL_MS = 250;

/**
 * Decides from looks at a thread whether a turn of its loop takes too long. It never knows when a turn began to work,
 * only that it was not idle at two looks of the same turn; so it looks every I = min(threshold, 250 ms), and calls a turn
 * stalled that has certainly worked for half the threshold. A turn is thus called between threshold / 2 and
 * threshold / 2 + I after it began, if it lasts that long: some turns shorter than the threshold are called, and a
 * turn of 1.5 thresholds never escapes (at 500 ms and above: one of the threshold).
 */
export class StallDetector {
  readonly intervalMs: number;
  readonly #confirmMs: number;
  #turn = Number.NaN;
  #busySinceMs = Number.NaN;
  #expectedMs = Number.POSITIVE_INFINITY;
  #isCalled = false;

  constructor(config: StallDetectorConfig) {
    this.#confirmMs = config.thresholdMs / 2;
    this.intervalMs = Math.min(config.thresholdMs, MAX_INTERVAL_MS);
  }

  /** The look from which on this turn was seen at work; NaN while it was not. */
  get busySinceMs(): number {
    return this.#busySinceMs;
  }

  /** @returns true when the turn is stalled; once a turn */
  observe({ nowMs, turn, isIdle }: Observation): boolean {
    // Woken much too late: this process was stopped, or the machine slept. What it cost the loop is not known.
    const isLate = nowMs - this.#expectedMs > this.#confirmMs;
    if (turn !== this.#turn) {
      this.#turn = turn;
      this.#isCalled = false;
      this.#busySinceMs = Number.NaN;
    }
    if (isIdle) this.#busySinceMs = Number.NaN;
    else if (Number.isNaN(this.#busySinceMs) || isLate) this.#busySinceMs = nowMs;
    this.#expectedMs = nowMs + this.nextDelayMs(nowMs);
    if (this.#isCalled || !(nowMs - this.#busySinceMs >= this.#confirmMs)) return false;
    this.#isCalled = true;
    return true;
  }

  /** The thread was waiting when it was looked at last. */
  get isCalm(): boolean {
    return Number.isNaN(this.#busySinceMs);
  }

  /** When to look again. */
  nextDelayMs(nowMs: number): number {
    if (this.#isCalled || Number.isNaN(this.#busySinceMs)) return this.intervalMs;
    return Math.max(1, Math.min(this.intervalMs, this.#busySinceMs + this.#confirmMs - nowMs));
  }
}
