import { readInteger } from './state.ts';

/** A series taken apart; at each point trend + seasonal + remainder is the value. NaN where the value was none. */
export interface Decomposition {
  readonly trend: Float64Array;
  readonly seasonal: Float64Array;
  readonly remainder: Float64Array;
}

const PASSES = 2;

/**
 * Takes a series with a known period apart, by medians throughout, so that spikes stay in the remainder: in the manner of
 * STL (Cleveland et al. 1990), with a moving median over one period for the trend and the median over all periods for
 * each phase. Values that are not finite are passed over. O(points * period log period).
 * @throws RangeError unless period is a whole number from 2 and the series has two periods at least
 */
export function decompose(series: ArrayLike<number>, period: number): Decomposition {
  readInteger('decompose', 'period', period, [2, Math.max(2, Math.floor(series.length / 2))]);
  if (series.length < 2 * period) {
    throw new RangeError(
      `decompose: series must have two periods (${2 * period} values) at least, got ${series.length}`,
    );
  }
  const values = Float64Array.from(series, (value) => (Number.isFinite(value) ? value : Number.NaN));
  let seasonal: Float64Array = new Float64Array(values.length);
  let trend: Float64Array = seasonal;
  for (let pass = 0; pass < PASSES; pass++) {
    const level = seasonal;
    trend = movingMedian(
      values.map((value, i) => value - (level[i] as number)),
      period,
    );
    const slope = trend;
    seasonal = phases(
      values.map((value, i) => value - (slope[i] as number)),
      period,
    );
  }
  const remainder = values.map((value, i) => value - (trend[i] as number) - (seasonal[i] as number));
  return { trend, seasonal, remainder };
}

/** The median of the period around each point; at the ends of the first and last period. */
function movingMedian(values: Float64Array, period: number): Float64Array {
  // An even window would lean to one side.
  const window = period | 1;
  const half = window >> 1;
  return values.map((_, i) => {
    const from = Math.min(Math.max(i - half, 0), Math.max(0, values.length - window));
    return median(values.subarray(from, from + window));
  });
}

/** The median of each phase of the period, their own median taken away. */
function phases(values: Float64Array, period: number): Float64Array {
  const usual = new Float64Array(period);
  for (let phase = 0; phase < period; phase++) {
    usual[phase] = median(values.filter((_, i) => i % period === phase));
  }
  const known = usual.filter((value) => !Number.isNaN(value));
  const middle = known.length === 0 ? 0 : known.reduce((sum, value) => sum + value, 0) / known.length;
  return values.map((_, i) => {
    const value = usual[i % period] as number;
    return Number.isNaN(value) ? 0 : value - middle;
  });
}

/** NaN when there is no number. */
function median(values: Float64Array): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
