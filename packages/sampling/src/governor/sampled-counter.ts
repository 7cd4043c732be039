/** One call in this many is timed, on average. */
export const STRIDE = 256;
/** The same until there are this many samples. */
const FIRST_STRIDE = 8;
const FIRST_SAMPLES = 64;

/**
 * Counts calls and picks one in 256 of them at random distances. At fixed ones a service whose requests make 8 or 16 spans
 * each would have one and the same of them timed for ever.
 */
export class SampledCounter {
  #left: number;
  #stride: number;
  #counted = 0;
  #picked = 0;
  readonly #random: () => number;

  /** @param random 0 to 1 */
  constructor(random: () => number) {
    this.#random = random;
    this.#stride = this.#draw(FIRST_STRIDE);
    this.#left = this.#stride;
  }

  /** Counts a call: false for one that is picked. A decrement and a comparison. */
  skips(): boolean {
    this.#left -= 1;
    if (this.#left > 0) return true;
    this.#pick();
    return false;
  }

  get count(): number {
    return this.#counted + this.#stride - this.#left;
  }

  #pick(): void {
    this.#counted += this.#stride;
    this.#picked += 1;
    this.#stride = this.#draw(this.#picked < FIRST_SAMPLES ? FIRST_STRIDE : STRIDE);
    this.#left = this.#stride;
  }

  /** 1 to `2 * mean - 1`, each alike. */
  #draw(mean: number): number {
    return 1 + Math.min(2 * mean - 2, Math.floor(this.#random() * (2 * mean - 1)));
  }
}
