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
  /** How many are not timed after the last one that was, and how many of them are still to come. */
  #granted = 0;
  #left = 0;

  /** @param slowMs from which on each operation has to be seen */
  constructor(histogram: () => BoundHistogram, slowMs: number) {
    this.#histogram = histogram;
    this.#isSampled = slowMs >= QUICK_MS;
  }

  /** Whether the next operation need not be timed; it is then counted, later. One comparison. */
  skips(): boolean {
    if (this.#left === 0) return false;
    this.#left -= 1;
    return true;
  }

  record(durationMs: number): void {
    this.settle();
    this.#lastSeconds = durationMs / 1000;
    this.#histogram().record(this.#lastSeconds);
    // A random number, so that no rhythm of the application falls in with ours.
    const isQuick = this.#isSampled && durationMs < QUICK_MS;
    this.#granted = isQuick ? Math.floor(Math.random() * (2 * SAMPLING - 1)) : 0;
    this.#left = this.#granted;
  }

  /** Counts what was not timed so far: before each collection. */
  settle(): void {
    for (; this.#granted > this.#left; this.#granted--) this.#histogram().record(this.#lastSeconds);
  }
}
