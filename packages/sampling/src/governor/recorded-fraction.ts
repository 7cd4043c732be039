/** Below this part nothing is lowered any more: the way back would be long. */
const LEAST = 1e-4;
/** Weight of the latest second in what the controller sees. */
const WEIGHT = 0.6;
/** How far above the target it acts at once. */
const TOLERANCE = 1.2;
/** A base that was above the target must sink below this part of it to be governed again. */
const RETURN = 0.9;

/** What one second took, as parts of the thread's time. */
export interface Overhead {
  /** What every span costs, recorded or not: recording less does not lower it. */
  readonly base: number;
  /** What recorded and exported spans and events cost. */
  readonly variable: number;
}

/**
 * The actuator: which part q of the traces is recorded, so that base + variable stays at the target. Above 1.2 times the
 * target q falls at once by what is too much, else it follows by the fourth root of what there is left. With q, what was
 * seen is scaled too: the next second is compared with what it should be, not with the past that q has already answered;
 * without that a step of the load would be answered twice over and q take ten seconds to come back.
 */
export class RecordedFraction {
  value = 1;
  /** The base alone is above the target: recording less cannot help. */
  isBaseAbove = false;
  /** Measured and smoothed. */
  overhead = 0;
  #isFirst = true;
  #base = 0;
  #variable = 0;
  #isOver = false;

  /** The target cannot be held: the base is above it, or next to nothing is recorded and it still is too much. */
  get isUnreachable(): boolean {
    return this.isBaseAbove || (this.#isOver && this.value === LEAST);
  }

  /** @param isRising false holds q down, in an emergency */
  step({ base, variable }: Overhead, target: number, isRising: boolean): void {
    const weight = this.#isFirst ? 1 : WEIGHT;
    this.#isFirst = false;
    this.#base += weight * (base - this.#base);
    this.#variable += weight * (variable - this.#variable);
    this.overhead += weight * (base + variable - this.overhead);
    this.#isOver = this.#base + this.#variable > TOLERANCE * target;
    const former = this.value;
    const wanted = Math.min(1, Math.max(LEAST, former * this.#change(target)));
    this.value = isRising ? wanted : Math.min(wanted, former);
    this.#variable *= this.value / former;
  }

  #change(target: number): number {
    this.isBaseAbove = this.#base > (this.isBaseAbove ? RETURN * target : target);
    if (this.isBaseAbove) return 0.1;
    const left = target - this.#base;
    // Nothing to share and nothing used.
    if (left <= 0) return 1;
    if (this.#variable <= 0) return 2;
    const ratio = left / this.#variable;
    return this.#isOver ? Math.max(0.1, ratio) : Math.min(2, Math.max(0.5, ratio ** 0.25));
  }
}
