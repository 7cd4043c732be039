/**
 * Rations the looks at stacks: `burst` in a row, then one each `60 / perMinute` s. The generic cell rate algorithm
 * (ITU-T I.371): one number, the time at which the bucket would be empty again.
 */
export class StackBudget {
  readonly #intervalMs: number;
  readonly #toleranceMs: number;
  #emptyAtMs = Number.NEGATIVE_INFINITY;

  constructor(perMinute: number, burst: number) {
    this.#intervalMs = 60_000 / perMinute;
    this.#toleranceMs = (burst - 1) * this.#intervalMs;
  }

  /** Takes one; false when there is none left. */
  take(nowMs: number): boolean {
    return this.#takeWithin(this.#toleranceMs, nowMs);
  }

  /** Takes one that could be done without: false when there is not more than half of them left. */
  takeSpare(nowMs: number): boolean {
    return this.#takeWithin(this.#toleranceMs / 2, nowMs);
  }

  #takeWithin(toleranceMs: number, nowMs: number): boolean {
    if (this.#emptyAtMs - nowMs > toleranceMs) return false;
    this.#emptyAtMs = Math.max(this.#emptyAtMs, nowMs) + this.#intervalMs;
    return true;
  }
}
