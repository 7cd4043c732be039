const BINS = 64;
/** Ratio of the edges of a bin: what is told of a quantile is at most so much above it. */
const GAMMA = 1.15;
const LOG_GAMMA = Math.log(GAMMA);

/**
 * Durations of one key in 64 logarithmic bins from a floor up to some 6,700 times it, in 256 bytes. What is below the
 * floor, or no number, counts into the first bin; what is beyond, into the last.
 */
export class LatencyHistogram {
  count = 0;
  readonly #bins = new Uint32Array(BINS);
  readonly #floorMs: number;

  constructor(floorMs: number) {
    this.#floorMs = floorMs;
  }

  /** No allocation. */
  add(durationMs: number): void {
    const bin = durationMs > this.#floorMs ? Math.ceil(Math.log(durationMs / this.#floorMs) / LOG_GAMMA) : 0;
    const index = Math.min(BINS - 1, bin);
    this.#bins[index] = (this.#bins[index] as number) + 1;
    this.count += 1;
  }

  /** The upper edge of the bin that holds a quantile: at least the quantile, at most 15 % more. Infinity in the last bin. */
  atMost(quantile: number): number {
    const rank = quantile * this.count;
    let below = 0;
    for (let bin = 0; bin < BINS - 1; bin += 1) {
      below += this.#bins[bin] as number;
      if (below >= rank) return this.#floorMs * GAMMA ** bin;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Halves what is remembered. */
  age(): void {
    this.count = 0;
    for (let bin = 0; bin < BINS; bin += 1) {
      this.#bins[bin] = (this.#bins[bin] as number) >>> 1;
      this.count += this.#bins[bin] as number;
    }
  }
}
