import { normalTail } from './probability.ts';

export interface MannWhitney {
  /** How many pairs (a, b) have a > b, ties counting half. */
  readonly u: number;
  /** Of the normal approximation, with ties and continuity corrected; above 0 when a is larger. */
  readonly z: number;
  /** Two-sided. */
  readonly pValue: number;
  /** Cliff's delta: P(a > b) - P(a < b), from -1 to 1. */
  readonly cliffsDelta: number;
}

/**
 * Mann and Whitney's test (1947) whether values of one sample tend to be larger than those of another. The normal
 * approximation is good from about 8 values a sample on. Values that are not finite are passed over; all NaN when a
 * sample is empty, p = 1 when all values are equal. O(n log n).
 */
export function mannWhitney(a: ArrayLike<number>, b: ArrayLike<number>): MannWhitney {
  const left = Float64Array.from(a).filter(Number.isFinite).sort();
  const right = Float64Array.from(b).filter(Number.isFinite).sort();
  const [n, m] = [left.length, right.length];
  if (n === 0 || m === 0) {
    return { u: Number.NaN, z: Number.NaN, pValue: Number.NaN, cliffsDelta: Number.NaN };
  }
  const { rankSum, ties } = ranks(left, right);
  const u = rankSum - (n * (n + 1)) / 2;
  const cliffsDelta = (2 * u) / (n * m) - 1;
  const total = n + m;
  const variance = ((n * m) / 12) * (total + 1 - ties / (total * (total - 1)));
  if (!(variance > 0)) {
    return { u, z: 0, pValue: 1, cliffsDelta };
  }
  const distance = u - (n * m) / 2;
  const z = (Math.sign(distance) * Math.max(0, Math.abs(distance) - 0.5)) / Math.sqrt(variance);
  return { u, z, pValue: Math.min(1, 2 * normalTail(Math.abs(z))), cliffsDelta };
}

/** Sum of the ranks of the left values among all, equal ones sharing theirs, and sum of t^3 - t over groups of t equal ones. */
function ranks(left: Float64Array, right: Float64Array): { rankSum: number; ties: number } {
  let [i, j, rankSum, ties] = [0, 0, 0, 0];
  while (i < left.length || j < right.length) {
    const value = Math.min(left[i] ?? Number.POSITIVE_INFINITY, right[j] ?? Number.POSITIVE_INFINITY);
    const below = i + j;
    const from = i;
    while (left[i] === value) i++;
    while (right[j] === value) j++;
    const equal = i + j - below;
    rankSum += (i - from) * (below + (equal + 1) / 2);
    ties += equal ** 3 - equal;
  }
  return { rankSum, ties };
}
