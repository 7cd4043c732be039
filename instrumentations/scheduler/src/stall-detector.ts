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

/** Looks at a thread this often at least: a stall is seen that much later. */
const MAX_INTERVAL_MS = 200;

/**
 * Decides from looks at a thread whether a turn of its loop takes too long. It never knows when a turn began to work,
 * only that it was not idle at two looks of the same turn; so it looks every I = min(threshold / 2, 200 ms), and calls
 * a turn stalled that has certainly worked for half the threshold. Every turn of threshold and above is thus called
 * between half the threshold and threshold / 2 + I after it began; some of half the threshold and above are as well.
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
    this.intervalMs = Math.min(this.#confirmMs, MAX_INTERVAL_MS);
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

  /** When to look again. */
  nextDelayMs(nowMs: number): number {
    if (this.#isCalled || Number.isNaN(this.#busySinceMs)) return this.intervalMs;
    return Math.max(1, Math.min(this.intervalMs, this.#busySinceMs + this.#confirmMs - nowMs));
  }
}
