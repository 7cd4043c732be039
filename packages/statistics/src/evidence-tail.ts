/**
 * How rare is a deviation of this size? The tails of each channel, two sides, learned from the series itself.
 *
 * Deviations |z| are counted in an exponential histogram, four buckets an octave from 2^-4 to 2^10, that forgets. The
 * largest 2 % (8 at least) are fitted by Hill's estimator with a prior, and the answer is s = -log10 of the probability
 * that so large a deviation to this side comes up: empirical where there is experience, extrapolated beyond.
 *
 * Three things keep it from claiming too much: Hill's index is taken half a standard error high; what came up before is
 * never rarer than that (plus one decade for the width of buckets and clusters); and the points that follow a rare one
 * within a cluster count little, unless they exceed it.
 */

/** Buckets of one side. */
export const BINS = 56;
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

/** Cells of one side in the array of a detector. */
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

/**
 * The tails of all channels, in cells and bins that belong to the detector, so that they are saved with it. A side is
 * 2 * channel for deviations up, 2 * channel + 1 for those down.
 */
export class EvidenceTails {
  readonly #cells: Float64Array;
  readonly #bins: Float32Array;

  /** `cells`: TAIL_CELLS a side; `bins`: BINS a side. */
  constructor(cells: Float64Array, bins: Float32Array) {
    this.#cells = cells;
    this.#bins = bins;
  }

  /** Whether cells that were saved can be those of tails. */
  get isSound(): boolean {
    for (let base = 0; base < this.#cells.length; base += TAIL_CELLS) {
      for (const cell of [TOTAL, AT_START, SLOPE]) {
        if (!((this.#cells[base + cell] as number) >= 0)) return false;
      }
    }
    return this.#bins.every((count) => count >= 0);
  }

  /** -log10 of the probability of a deviation to a side; `unit` is the weight of one point now. */
  evidence(octave: number, side: number, unit: number): number {
    const cells = this.#cells;
    const base = side * TAIL_CELLS;
    if ((cells[base + TOTAL] as number) >= (cells[base + STALE] as number) * unit) this.#refit(side, unit);
    const above = octave - (cells[base + START] as number);
    const atStart = cells[base + AT_START] as number;
    if (above <= 0) {
      // Falls to nothing 2.7 octaves below the tail.
      const share = 1 + above / 2.7;
      return share > 0 ? atStart * share * share : 0;
    }
    const slope = cells[base + SLOPE] as number;
    const extrapolated = atStart + above * slope;
    const evidence = extrapolated > CHECK_FROM ? this.#check(side, octave, extrapolated, unit) : extrapolated;
    return Math.min(Math.max(evidence, 0), LARGEST);
  }

  /** Takes the deviation in. */
  insert(octave: number, side: number, evidence: number, at: Moment): void {
    const cells = this.#cells;
    const base = side * TAIL_CELLS;
    let weight = at.unit;
    if (at.timeMs < (cells[base + UNTIL] as number)) {
      if (octave > (cells[base + PEAK] as number)) cells[base + PEAK] = octave;
      else weight *= CLUSTER_WEIGHT;
    }
    if (evidence > CLUSTER_FROM) {
      if (at.timeMs >= (cells[base + UNTIL] as number)) cells[base + PEAK] = octave;
      cells[base + UNTIL] = at.timeMs + at.clusterMs;
    }
    const bin = side * BINS + binOf(octave);
    this.#bins[bin] = (this.#bins[bin] as number) + weight;
    cells[base + TOTAL] = (cells[base + TOTAL] as number) + weight;
    // What enters the tail changes the fit at once.
    if (octave > (cells[base + START] as number)) cells[base + STALE] = 0;
  }

  /** The octave of deviations to a side that has the given evidence; for the expected range, not for each point. */
  octaveAt(evidence: number, side: number): number {
    const base = side * TAIL_CELLS;
    const slope = this.#cells[base + SLOPE] as number;
    const above = evidence - (this.#cells[base + AT_START] as number);
    return slope > 0 ? (this.#cells[base + START] as number) + above / slope : Number.NEGATIVE_INFINITY;
  }

  /** Divides all weights, when the unit has grown too large. */
  rescale(by: number): void {
    for (let bin = 0; bin < this.#bins.length; bin++) this.#bins[bin] = (this.#bins[bin] as number) / by;
    for (let base = 0; base < this.#cells.length; base += TAIL_CELLS) {
      this.#cells[base + TOTAL] = (this.#cells[base + TOTAL] as number) / by;
      this.#cells[base + STALE] = 0;
    }
  }

  /** Points of a channel, both sides. */
  #total(side: number, unit: number): number {
    const one = this.#cells[side * TAIL_CELLS + TOTAL] as number;
    return (one + (this.#cells[(side ^ 1) * TAIL_CELLS + TOTAL] as number)) / unit;
  }

  #refit(side: number, unit: number): void {
    const cells = this.#cells;
    const total = this.#total(side, unit);
    const wanted = Math.max(TAIL_LEAST, TAIL_SHARE * total);
    const first = side * BINS;
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
    const base = side * TAIL_CELLS;
    cells[base + START] = start;
    cells[base + AT_START] = Math.log10((total + 1) / (mass + 1));
    cells[base + SLOPE] = Math.LN2 / (index * Math.LN10);
    cells[base + STALE] = ((cells[base + TOTAL] as number) / unit) * REFIT_GROWTH + 1;
  }

  /** No rarer than experience allows: 1 / (number of as large ones + 1), and beyond the largest by the slope only. */
  #check(side: number, octave: number, extrapolated: number, unit: number): number {
    const first = side * BINS;
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
    const total = this.#total(side, unit);
    const beyond = Math.max(0, octave - ((top + 1) / PER_OCTAVE + LOWEST_OCTAVE));
    const allowed =
      Math.log10((total + 1) / (mass + 1)) + beyond * (this.#cells[side * TAIL_CELLS + SLOPE] as number) + ALLOWANCE;
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
