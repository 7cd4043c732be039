import { LogLinearHistogram } from '@sonde/statistics';

/** Parts of a window: it moves on by one part at a time. */
const PARTS = 6;
/** Time between two moments at which the delay is asked for. */
const RESOLUTION_MS = 10;
/** Values recorded one by one for one long turn; beyond it several moments share a value. */
const MAX_VALUES = 200;
/** Delays below 2^-20 s (1 us) count as none; 2^12 s is over an hour. */
const RANGE = { minExponent: -20, maxExponent: 12 } as const;

/** Delays of the last window, in seconds; NaN while there are none. */
export interface DelaySummary {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly stddev: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

interface Part {
  readonly histogram: LogLinearHistogram;
  sumOfSquares: number;
}

/**
 * Event loop delay without a timer: how long a timer that is due every 10 ms would have been late. The turns of the
 * loop tell it all: what falls due while the loop waits for events is served at once, what falls due while it works has
 * to wait for the end of the turn. So nothing wakes an idle loop, no resolution has to be subtracted, and a stall of
 * 500 ms counts for all the 50 moments in it (a real repeating timer would fire once: coordinated omission).
 *
 * The values are those of the last window for every reader; reading resets nothing.
 */
export class DelayWindow {
  readonly #parts: Part[];
  readonly #partMs: number;
  #dueMs: number;
  #current = 0;
  #partEndMs: number;

  constructor(windowMs: number, nowMs: number) {
    this.#parts = Array.from({ length: PARTS }, () => ({ histogram: new LogLinearHistogram(RANGE), sumOfSquares: 0 }));
    this.#partMs = windowMs / PARTS;
    this.#dueMs = nowMs + RESOLUTION_MS;
    this.#partEndMs = nowMs + this.#partMs;
  }

  /** The loop worked the last `busyMs` up to now, and waited before. One comparison in most turns. */
  turn(nowMs: number, busyMs: number): void {
    if (nowMs < this.#dueMs) return;
    this.#serveIdle(nowMs - busyMs);
    this.#serveBusy(nowMs);
  }

  /** The delays of the last window. Of the turn that the loop is in only the waiting before `busyMs` of work counts. */
  summary(nowMs: number, busyMs: number): DelaySummary {
    this.#serveIdle(nowMs - busyMs);
    this.#advance(nowMs);
    const all = new LogLinearHistogram(RANGE);
    let squares = 0;
    for (const { histogram, sumOfSquares } of this.#parts) {
      all.merge(histogram);
      squares += sumOfSquares;
    }
    const { mean } = all;
    return {
      min: all.min,
      max: all.max,
      mean,
      stddev: Math.sqrt(Math.max(0, squares / all.count - mean * mean)),
      p50: all.quantile(0.5),
      p90: all.quantile(0.9),
      p99: all.quantile(0.99),
    };
  }

  /** Moments at which the loop was waiting: no delay. */
  #serveIdle(untilMs: number): void {
    const windowMs = this.#partMs * PARTS;
    // Older than the window: nobody will ask for it any more.
    if (untilMs - this.#dueMs > windowMs) this.#dueMs = untilMs - windowMs;
    while (this.#dueMs <= untilMs) {
      this.#advance(this.#dueMs);
      // At most to the end of a part, so that a long idle time spreads over the parts it belongs to.
      const end = Math.min(untilMs, this.#partEndMs);
      const count = Math.max(1, Math.ceil((end - this.#dueMs) / RESOLUTION_MS));
      this.#part.histogram.record(0, count);
      this.#dueMs += count * RESOLUTION_MS;
    }
  }

  /** Moments that fell into a turn's work: each had to wait for its end. */
  #serveBusy(nowMs: number): void {
    if (this.#dueMs > nowMs) return;
    this.#advance(nowMs);
    const moments = Math.floor((nowMs - this.#dueMs) / RESOLUTION_MS) + 1;
    const step = Math.ceil(moments / MAX_VALUES);
    const part = this.#part;
    for (let done = 0; done < moments; done += step) {
      const delay = (nowMs - this.#dueMs) / 1000;
      const count = Math.min(step, moments - done);
      part.histogram.record(delay, count);
      part.sumOfSquares += delay * delay * count;
      this.#dueMs += count * RESOLUTION_MS;
    }
  }

  get #part(): Part {
    return this.#parts[this.#current] as Part;
  }

  #advance(nowMs: number): void {
    // After a long sleep every part is stale; more than a full round need not be walked.
    const stale = Math.min(PARTS, Math.floor((nowMs - this.#partEndMs) / this.#partMs) + 1);
    for (let i = 0; i < stale; i++) {
      this.#current = (this.#current + 1) % PARTS;
      this.#part.histogram.reset();
      this.#part.sumOfSquares = 0;
    }
    if (nowMs >= this.#partEndMs) {
      this.#partEndMs += this.#partMs * (Math.floor((nowMs - this.#partEndMs) / this.#partMs) + 1);
    }
  }
}
