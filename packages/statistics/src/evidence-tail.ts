/**
 * How rare is a deviation of this size? One channel's tails, two signs, learned from the series itself.
 *
 * Deviations |z| are counted in an exponential histogram, four buckets an octave from 2^-4 to 2^12, that forgets. The
 * largest 2 % (8 at least) are fitted by Hill's estimator with a prior, and the answer is s = -log10 of the probability
 * that so large a deviation of this sign comes up: empirical where there is experience, extrapolated beyond.
 *
 * Three things keep it from claiming too much: Hill's index is taken half a standard error high; what came up before is
 * never rarer than that (plus one decade for the width of buckets and clusters); and the points that follow a rare one
 * within a cluster count little, unless they exceed it.
 */

/** Buckets of one sign. */
export const BINS = 64;
const PER_OCTAVE = 4;
const LOWEST_OCTAVE = -4;
const TOP_OCTAVE: number = LOWEST_OCTAVE + BINS / PER_OCTAVE;

const TAIL_SHARE = 0.02;
const TAIL_LEAST = 8;
const PRIOR_INDEX = 0.12;
const PRIOR_WEIGHT = 30;
const STANDARD_ERRORS = 0.5;
/** Refit when the experience has grown by this much. */
const REFIT_GROWTH = 1.03;

const ALLOWANCE = 1;
const LARGEST = 12;
const CHECK_FROM = 2;

/** A deviation of such evidence opens a cluster ... */
const CLUSTER_FROM = 2.5;
/** ... whose other points count so little. */
const CLUSTER_WEIGHT = 0.15;

/** Cells of one sign in the array of a detector. */
export const TAIL_CELLS = 7;
const TOTAL = 0;
const START = 1;
const AT_START = 2;
const SLOPE = 3;
const STALE = 4;
const PEAK = 5;
const UNTIL = 6;

/** The smallest evidence that is looked at in a bucket count: less than this is a bucket that is forgotten. */
const TRACE = 0.05;

/** What all channels of a detector share at one point; made once, changed in place. */
export interface Moment {
  timeMs: number;
  /** The weight of one point now: it grows as the past is forgotten. */
  unit: number;
  /** How long a cluster lasts after its last rare point. */
  clusterMs: number;
}

/** The tails of one channel, in cells and bins that belong to the detector, so that they are saved with it. */
export class EvidenceTail {
  readonly #cells: Float64Array;
  readonly #bins: Float32Array;

  /** `cells`: 2 * TAIL_CELLS of them; `bins`: 2 * BINS. */
  constructor(cells: Float64Array, bins: Float32Array) {
    this.#cells = cells;
    this.#bins = bins;
  }

  /** Whether cells that were saved can be those of tails. */
  get isSound(): boolean {
    const isCount = (number: number): boolean => number >= 0;
    const fits = [0, TAIL_CELLS].every((base) =>
      [TOTAL, AT_START, SLOPE].every((cell) => isCount(this.#cells[base + cell] as number)),
    );
    return fits && this.#bins.every(isCount);
  }

  /** -log10 of the probability of a deviation of a sign (0 up, 1 down); `unit` is the weight of one point now. */
  evidence(octave: number, sign: number, unit: number): number {
    const cells = this.#cells;
    const base = sign * TAIL_CELLS;
    if ((cells[base + TOTAL] as number) >= (cells[base + STALE] as number) * unit) this.#refit(sign, unit);
    const above = octave - (cells[base + START] as number);
    const atStart = cells[base + AT_START] as number;
    if (above <= 0) {
      // Falls to nothing 2.7 octaves below the tail.
      const share = 1 + above / 2.7;
      return share > 0 ? atStart * share * share : 0;
    }
    const slope = cells[base + SLOPE] as number;
    const extrapolated = atStart + above * slope;
    const evidence = extrapolated > CHECK_FROM ? this.#check(sign, octave, extrapolated, unit) : extrapolated;
    return evidence > LARGEST ? LARGEST : Math.max(evidence, 0);
  }

  /** Takes the deviation in. */
  insert(octave: number, sign: number, evidence: number, at: Moment): void {
    const cells = this.#cells;
    const base = sign * TAIL_CELLS;
    let weight = at.unit;
    if (at.timeMs < (cells[base + UNTIL] as number)) {
      if (octave > (cells[base + PEAK] as number)) cells[base + PEAK] = octave;
      else weight *= CLUSTER_WEIGHT;
    }
    if (evidence > CLUSTER_FROM) {
      if (at.timeMs >= (cells[base + UNTIL] as number)) cells[base + PEAK] = octave;
      cells[base + UNTIL] = at.timeMs + at.clusterMs;
    }
    const bin = sign * BINS + binOf(octave);
    this.#bins[bin] = (this.#bins[bin] as number) + weight;
    cells[base + TOTAL] = (cells[base + TOTAL] as number) + weight;
    // What enters the tail changes the fit at once.
    if (octave > (cells[base + START] as number)) cells[base + STALE] = 0;
  }

  /** The deviation of a sign that has the given evidence; for the expected range, not for each point. */
  deviationAt(evidence: number, sign: number): number {
    const base = sign * TAIL_CELLS;
    const slope = this.#cells[base + SLOPE] as number;
    const atStart = this.#cells[base + AT_START] as number;
    return slope > 0 ? 2 ** ((this.#cells[base + START] as number) + (evidence - atStart) / slope) : 0;
  }

  /** Divides all weights, when the unit has grown too large. */
  rescale(by: number): void {
    for (let bin = 0; bin < this.#bins.length; bin++) this.#bins[bin] = (this.#bins[bin] as number) / by;
    for (const sign of [0, TAIL_CELLS]) {
      this.#cells[sign + TOTAL] = (this.#cells[sign + TOTAL] as number) / by;
      this.#cells[sign + STALE] = 0;
    }
  }

  #refit(sign: number, unit: number): void {
    const cells = this.#cells;
    const total = ((cells[TOTAL] as number) + (cells[TAIL_CELLS + TOTAL] as number)) / unit;
    const wanted = Math.max(TAIL_LEAST, TAIL_SHARE * total);
    const first = sign * BINS;
    let mass = 0;
    let octaves = 0;
    let bin = BINS - 1;
    for (; bin > 0; bin--) {
      const count = (this.#bins[first + bin] as number) / unit;
      mass += count;
      octaves += count * ((bin + 0.5) / PER_OCTAVE + LOWEST_OCTAVE);
      if (mass >= wanted) break;
    }
    const start = bin / PER_OCTAVE + LOWEST_OCTAVE;
    const hill = Math.max(0, octaves - mass * start) * Math.LN2;
    const weight = mass + PRIOR_WEIGHT;
    const index = ((hill + PRIOR_INDEX * PRIOR_WEIGHT) / weight) * (1 + STANDARD_ERRORS / Math.sqrt(weight));
    const base = sign * TAIL_CELLS;
    cells[base + START] = start;
    cells[base + AT_START] = Math.log10((total + 1) / (mass + 1));
    cells[base + SLOPE] = Math.LN2 / (index * Math.LN10);
    cells[base + STALE] = ((cells[base + TOTAL] as number) / unit) * REFIT_GROWTH + 1;
  }

  /** No rarer than experience allows: 1 / (number of as large ones + 1), and beyond the largest by the slope only. */
  #check(sign: number, octave: number, extrapolated: number, unit: number): number {
    const first = sign * BINS;
    const bin = binOf(octave);
    let mass = 0;
    let top = -1;
    for (let i = BINS - 1; i >= bin; i--) {
      const count = this.#bins[first + i] as number;
      if (top < 0 && count > 0) top = i;
      mass += count;
    }
    mass /= unit;
    // Nothing as large so far: the largest that there was.
    for (let i = bin - 1; top < 0 && i >= 0; i--) {
      if ((this.#bins[first + i] as number) > TRACE * unit) top = i;
    }
    const total = ((this.#cells[TOTAL] as number) + (this.#cells[TAIL_CELLS + TOTAL] as number)) / unit;
    const beyond = Math.max(0, octave - ((top + 1) / PER_OCTAVE + LOWEST_OCTAVE));
    const allowed =
      Math.log10((total + 1) / (mass + 1)) + beyond * (this.#cells[sign * TAIL_CELLS + SLOPE] as number) + ALLOWANCE;
    return Math.min(extrapolated, allowed);
  }
}

/** log2 of a deviation |z|, in standard deviations. */
export function octaveOf(z: number): number {
  return z > 2 ** LOWEST_OCTAVE ? Math.log2(z) : LOWEST_OCTAVE - 1;
}

function binOf(octave: number): number {
  return octave < LOWEST_OCTAVE ? 0 : octave >= TOP_OCTAVE ? BINS - 1 : ((octave - LOWEST_OCTAVE) * PER_OCTAVE) | 0;
}
