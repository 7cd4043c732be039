import type { BoundHistogram } from '@sonde/hot-metrics';

/**
 * What took less time than this is timed once in so many on average, and counted with the time of the last one that was: to
 * read the clock would be a good part of the cost. What was slower is timed each time.
 */
const QUICK_MS = 0.05;
const SAMPLING = 16;

/** The durations of one kind of operation. */
export class SampledDurations {
  readonly #histogram: () => BoundHistogram;
  /** Whether what is quick cannot be slow. */
  readonly #isSampled: boolean;
  #lastSeconds = 0;
  /** How many are not timed after the last one that was. */
  #untimed = 0;

  /** @param slowMs from which on each operation has to be seen */
  constructor(histogram: () => BoundHistogram, slowMs: number) {
    this.#histogram = histogram;
    this.#isSampled = slowMs >= QUICK_MS;
  }

  /** Counts the next operation, if it need not be timed. @returns false when it is to be timed, and `record` called */
  countsUntimed(): boolean {
    if (this.#untimed === 0) return false;
    this.#untimed -= 1;
    this.#histogram().record(this.#lastSeconds);
    return true;
  }

  record(durationMs: number): void {
    this.#lastSeconds = durationMs / 1000;
    this.#histogram().record(this.#lastSeconds);
    // A random number, so that no rhythm of the application falls in with ours.
    this.#untimed = this.#isSampled && durationMs < QUICK_MS ? Math.floor(Math.random() * (2 * SAMPLING - 1)) : 0;
  }
}
