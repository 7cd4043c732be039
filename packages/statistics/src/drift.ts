import type { LogLinearHistogram } from './log-linear-histogram.ts';
import { gammaTail } from './probability.ts';
import { readFinite } from './state.ts';

export interface DriftConfig {
  /** How often two samples of the same may be told apart, each of the two tests; above 0, below 0.5. Default 0.01. */
  readonly falseAlarms?: number;
}

/** How one distribution of latencies, sizes or the like differs from a baseline. */
export interface Drift {
  /** Wasserstein's distance W1 of the logarithms, in octaves: 0.26 is everything 20 % slower. NaN when one is empty. */
  readonly distance: number;
  /** The distance that two samples of these sizes of the baseline have by chance, with the probability asked for. */
  readonly distanceThreshold: number;
  /** Signed: mean of log2(value) minus that of the baseline; above 0 is slower. */
  readonly shift: number;
  /** Share of values above the baseline's 99th percentile. */
  readonly tailShare: number;
  /** Probability that the baseline itself shows as heavy a tail, by chance. */
  readonly tailPValue: number;
  readonly isShifted: boolean;
  readonly isTailHeavier: boolean;
}

const TAIL_QUANTILE = 0.99;
/** A value just above the 99th percentile counts 1, one twice as large 2, and so on up to this. */
const MOST_OCTAVES = 4;

/**
 * Compares a histogram with a baseline of the same configuration. Two tests, both calibrated on the baseline itself:
 * Wasserstein's distance of log2 (Ramdas et al. 2017, On Wasserstein Two-Sample Testing) sees everything shift; the
 * weight of the tail beyond the baseline's 99th percentile, each value counted by how many octaves beyond, sees a few
 * calls become much slower, to which whole-distribution tests are blind.
 * @throws RangeError for an option outside its range, or histograms of different resolution
 */
export function compareToBaseline(
  baseline: LogLinearHistogram,
  current: LogLinearHistogram,
  { falseAlarms = 0.01 }: DriftConfig = {},
): Drift {
  readFinite('compareToBaseline', 'falseAlarms', falseAlarms, [1e-12, 0.5]);
  if (baseline.config.bucketsPerOctave !== current.config.bucketsPerOctave) {
    throw new RangeError(
      `compareToBaseline: bucketsPerOctave must be the baseline's ${baseline.config.bucketsPerOctave}, got ${current.config.bucketsPerOctave}`,
    );
  }
  const before = sortedLogs(baseline);
  const after = sortedLogs(current);
  const distance = wasserstein(before, after);
  const distanceThreshold = thresholdOf(before, current.count, falseAlarms);
  const tail = tailTest(baseline, before, after);
  return {
    distance,
    distanceThreshold,
    shift: meanOf(after) - meanOf(before),
    tailShare: tail.share,
    tailPValue: tail.pValue,
    isShifted: distance > distanceThreshold,
    isTailHeavier: tail.pValue < falseAlarms,
  };
}

/** A distribution of log2 values: ascending, with their weights. Zero and below count as the smallest there is. */
interface Logs {
  readonly values: Float64Array;
  readonly weights: Float64Array;
  readonly total: number;
}

function sortedLogs(histogram: LogLinearHistogram): Logs {
  const buckets = histogram.buckets();
  const rest = histogram.count - buckets.reduce((sum, { count }) => sum + count, 0);
  const lowest = histogram.config.minExponent;
  const values = Float64Array.from([lowest, ...buckets.map(({ middle }) => Math.log2(middle))]);
  const weights = Float64Array.from([Math.max(0, rest), ...buckets.map(({ count }) => count)]);
  return { values, weights, total: histogram.count };
}

function meanOf({ values, weights, total }: Logs): number {
  return values.reduce((sum, value, i) => sum + value * (weights[i] as number), 0) / total;
}

/** The area between two cumulative distributions. */
function wasserstein(a: Logs, b: Logs): number {
  if (!(a.total > 0 && b.total > 0)) {
    return Number.NaN;
  }
  let [i, j, belowA, belowB, area] = [0, 0, 0, 0, 0];
  let last = Math.min(a.values[0] as number, b.values[0] as number);
  while (i < a.values.length || j < b.values.length) {
    const next = Math.min(a.values[i] ?? Number.POSITIVE_INFINITY, b.values[j] ?? Number.POSITIVE_INFINITY);
    area += (next - last) * Math.abs(belowA / a.total - belowB / b.total);
    last = next;
    while (a.values[i] === next) belowA += a.weights[i++] as number;
    while (b.values[j] === next) belowB += b.weights[j++] as number;
  }
  return area;
}

/**
 * What the distance exceeds by chance with the given probability. Of two samples of one distribution F, it is near the
 * integral of |B(F)| sqrt(1/n + 1/m) with B a Brownian bridge: its mean is sqrt(2/pi) times the integral of
 * sqrt(F (1 - F)), and it is about as far above that, at most, as the difference of means can be.
 */
function thresholdOf(logs: Logs, currentCount: number, falseAlarms: number): number {
  if (!(logs.total > 0 && currentCount > 0)) {
    return Number.NaN;
  }
  const spread = Math.sqrt(1 / logs.total + 1 / currentCount);
  let below = 0;
  let integral = 0;
  let variance = 0;
  const mean = meanOf(logs);
  for (let i = 0; i < logs.values.length; i++) {
    const share = below / logs.total;
    if (i > 0) {
      integral += ((logs.values[i] as number) - (logs.values[i - 1] as number)) * Math.sqrt(share * (1 - share));
    }
    below += logs.weights[i] as number;
    variance += ((logs.weights[i] as number) / logs.total) * ((logs.values[i] as number) - mean) ** 2;
  }
  const expected = Math.sqrt(2 / Math.PI) * integral;
  // Half of the deviation of the mean goes into the deviation of the distance beyond its mean.
  return spread * (expected + normalQuantile(falseAlarms) * DEVIATION * Math.sqrt(variance));
}

/** Standard deviation of the distance over that of the difference of means; 0.6 of normal data, at most. */
const DEVIATION = 0.62;

/** z with P(Z > z) = p (Acklam's approximation is not needed: thirty steps of bisection are). */
function normalQuantile(p: number): number {
  let [low, high] = [0, 8];
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2;
    if (gammaTail((middle * middle) / 2, 0.5) / 2 > p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Sums up, over the values beyond the baseline's 99th percentile, one and the octaves beyond. */
function tailTest(baseline: LogLinearHistogram, before: Logs, after: Logs): { share: number; pValue: number } {
  if (!(before.total > 0 && after.total > 0)) {
    return { share: Number.NaN, pValue: 1 };
  }
  const edge = Math.log2(Math.max(baseline.quantile(TAIL_QUANTILE), 2 ** baseline.config.minExponent));
  const usual = tailMoments(before, edge);
  const seen = tailMoments(after, edge);
  return { share: seen.share, pValue: compoundTail(usual, seen.sum * after.total, before.total, after.total) };
}

interface TailMoments {
  readonly share: number;
  /** Sums of the scores and of their squares and cubes, per value of the whole distribution. */
  readonly sum: number;
  readonly squares: number;
  readonly cubes: number;
}

function tailMoments({ values, weights, total }: Logs, edge: number): TailMoments {
  let [share, sum, squares, cubes] = [0, 0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const beyond = (values[i] as number) - edge;
    if (beyond > 1e-9) {
      const score = 1 + Math.min(beyond, MOST_OCTAVES);
      const weight = (weights[i] as number) / total;
      share += weight;
      sum += weight * score;
      squares += weight * score ** 2;
      cubes += weight * score ** 3;
    }
  }
  return { share, sum, squares, cubes };
}

/**
 * P(a sum at least this large) of a compound Poisson sum with these moments, by a gamma distribution of equal mean,
 * variance and skewness (Pearson III). The uncertainty of the baseline itself widens it.
 */
function compoundTail(usual: TailMoments, seen: number, baselineCount: number, currentCount: number): number {
  // A tail that was seen in so few values of the baseline may be a little heavier than it showed.
  const beyond = usual.share * baselineCount;
  const mean = usual.sum * currentCount * (1 + 1.5 / Math.max(beyond, 1));
  const widened = (1 + currentCount / baselineCount) * (1 + 1.5 / Math.max(beyond, 1));
  const variance = usual.squares * currentCount * widened;
  if (!(variance > 0)) {
    // Nothing beyond the edge in the baseline: that anything is now has the probability of the share it may have missed.
    return seen > 0 ? Math.min(1, currentCount / (baselineCount + currentCount)) ** Math.ceil(seen) : 1;
  }
  const skewness = (usual.cubes * currentCount * widened) / variance ** 1.5;
  const shape = 4 / skewness ** 2;
  const scale = (Math.sqrt(variance) * skewness) / 2;
  return gammaTail((seen - mean) / scale + shape, shape);
}
