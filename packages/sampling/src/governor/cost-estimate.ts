/** What one new sample weighs at least: the estimate forgets over this many. */
const MEMORY = 64;
/** A sample counts up to this many times the estimate: a pause of the machine is no cost of ours. */
const MOST = 8;
/** What the first guess weighs, in samples. */
const PRIOR = 2;

/**
 * The mean cost of something that is timed now and then, in milliseconds. Samples may be negative (a timer's own cost is
 * taken off before) and are not cut below, so that the mean is not biased; above they are, far out.
 */
export class CostEstimate {
  samples = 0;
  #mean: number;

  /** @param guess holds until there are samples; above 0 */
  constructor(guess: number) {
    this.#mean = guess;
  }

  add(sample: number): void {
    if (!Number.isFinite(sample)) return;
    this.samples += 1;
    const weight = Math.max(1 / (this.samples + PRIOR), 1 / MEMORY);
    const most = MOST * Math.max(this.#mean, 1e-6);
    this.#mean += weight * (Math.min(sample, most) - this.#mean);
  }

  get value(): number {
    return Math.max(0, this.#mean);
  }
}

/** How fast a ratio of sums forgets, with each sample. */
const KEPT = 0.85;

/** The mean cost of one of several things that are timed together: long batches count for more than short ones. */
export class BatchCostEstimate {
  #cost: number;
  #count: number;

  /** @param guess cost of one, weighing as much as `count` of them */
  constructor(guess: number, count: number) {
    this.#cost = guess * count;
    this.#count = count;
  }

  /** Negative costs are taken as they are: see {@link CostEstimate}. */
  add(cost: number, count: number): void {
    if (!Number.isFinite(cost) || count <= 0) return;
    this.#cost = KEPT * this.#cost + cost;
    this.#count = KEPT * this.#count + count;
  }

  get value(): number {
    return Math.max(0, this.#cost / this.#count);
  }
}
