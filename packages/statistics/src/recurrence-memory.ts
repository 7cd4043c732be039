/** Bins of strength, four to a unit. */
export const RECURRENCE_BINS = 64;
const PER_UNIT = 4;
/** What came up within a quarter of this strength was as strong. */
const TOLERANCE_BINS = 1;
const NONE = -1;

/** Cells in the array of a detector. */
export const RECURRENCE_CELLS = 4;
const UNIT = 0;
const BIN = 1;
const WEIGHT = 2;
const LAST_MS = 3;

/**
 * How often something as strong came up in the last week or two. An anomaly that comes each day is none: it is how this
 * series is. Strengths are kept as the peaks of incidents, in bins that forget (by growing the weight of what is new).
 */
export class RecurrenceMemory {
  readonly #cells: Float64Array;
  readonly #bins: Float32Array;

  constructor(cells: Float64Array, bins: Float32Array) {
    this.#cells = cells;
    this.#bins = bins;
    if (cells[UNIT] === 0) {
      cells[UNIT] = 1;
      cells[BIN] = NONE;
    }
  }

  /** Whether cells that were saved can be those of a memory. */
  get isSound(): boolean {
    const [unit = 0, bin = 0, weight = 0] = this.#cells;
    const isBin = Number.isInteger(bin) && bin >= NONE && bin < RECURRENCE_BINS;
    return unit >= 1 && unit <= 2e9 && weight >= 0 && isBin && this.#bins.every((count) => count >= 0);
  }

  /** Lets time pass: `growth` is 2 ^ (elapsed / half-life). */
  age(growth: number): void {
    const unit = (this.#cells[UNIT] as number) * growth;
    this.#cells[UNIT] = unit;
    if (unit > 1e9) {
      for (let bin = 0; bin < RECURRENCE_BINS; bin++) this.#bins[bin] = (this.#bins[bin] as number) / unit;
      this.#cells[WEIGHT] = (this.#cells[WEIGHT] as number) / unit;
      this.#cells[UNIT] = 1;
    }
  }

  /** The number of earlier incidents of at least this strength, and takes it in. An incident ends after `quietMs` without. */
  visit(strength: number, timeMs: number, quietMs: number): number {
    const cells = this.#cells;
    if (timeMs - (cells[LAST_MS] as number) > quietMs) {
      cells[BIN] = NONE;
      cells[WEIGHT] = cells[UNIT] as number;
    }
    cells[LAST_MS] = timeMs;
    const bin = Math.min(RECURRENCE_BINS - 1, (strength * PER_UNIT) | 0);
    const from = Math.max(0, bin - TOLERANCE_BINS);
    let mass = 0;
    for (let i = from; i < RECURRENCE_BINS; i++) mass += this.#bins[i] as number;
    const own = cells[BIN] as number;
    if (own >= from) mass -= cells[WEIGHT] as number;
    if (bin > own) {
      if (own >= 0) this.#bins[own] = Math.max(0, (this.#bins[own] as number) - (cells[WEIGHT] as number));
      this.#bins[bin] = (this.#bins[bin] as number) + (cells[WEIGHT] as number);
      cells[BIN] = bin;
    }
    return Math.max(0, mass / (cells[UNIT] as number));
  }
}
