import type { LogLinearHistogram } from './log-linear-histogram.ts';
import type { ExponentialBuckets } from './types.ts';

/** Largest scale that is worth it: finer than the default 32 buckets an octave gains nothing. */
const MAX_SCALE = 5;
const MIN_SCALE = -10;

/**
 * Counts for explicit boundaries as OpenTelemetry defines them: `result[i]` holds the values in
 * (boundaries[i-1], boundaries[i]], one more count than boundaries. A bucket goes whole to where its middle lies, so
 * a value may be misplaced only when it is within `relativeError` of a boundary.
 */
export function toExplicitBuckets(histogram: LogLinearHistogram, boundaries: readonly number[]): number[] {
  const counts = new Array<number>(boundaries.length + 1).fill(0);
  const place = (value: number, count: number): void => {
    let i = 0;
    while (i < boundaries.length && value > (boundaries[i] as number)) i++;
    counts[i] = (counts[i] as number) + count;
  };
  const { min, max } = histogram;
  const clamp = (value: number): number => Math.min(Math.max(value, min), max);
  for (const { middle, count } of histogram.buckets('negative')) place(clamp(-middle), count);
  if (histogram.zeroCount > 0) place(0, histogram.zeroCount);
  for (const { middle, count } of histogram.buckets('positive')) place(clamp(middle), count);
  return counts;
}

/**
 * OpenTelemetry's exponential buckets: at scale s, bucket i holds (base^i, base^(i+1)] with base = 2^(2^-s). The scale
 * is the largest (<= 5) at which both signs fit `maxSize` buckets. Each bucket goes whole to where its middle lies.
 * @throws RangeError for a maxSize below 2: values on both sides of 1 need two buckets at any scale
 */
export function toExponentialBuckets(histogram: LogLinearHistogram, maxSize = 160): ExponentialBuckets {
  if (!(maxSize >= 2)) {
    throw new RangeError(`toExponentialBuckets: maxSize must be a number >= 2, got ${String(maxSize)}`);
  }
  const positive = histogram.buckets('positive');
  const negative = histogram.buckets('negative');
  let scale = MAX_SCALE;
  while (scale > MIN_SCALE && Math.max(span(positive, scale), span(negative, scale)) > maxSize) scale--;
  return {
    scale,
    count: histogram.count,
    sum: histogram.sum,
    ...(histogram.count > 0 && { min: histogram.min, max: histogram.max }),
    zeroCount: histogram.zeroCount,
    positive: spread(positive, scale),
    negative: spread(negative, scale),
  };
}

type Middles = readonly { readonly middle: number; readonly count: number }[];

function exponentialIndex(value: number, scale: number): number {
  return Math.ceil(Math.log2(value) * 2 ** scale) - 1;
}

function span(buckets: Middles, scale: number): number {
  const first = buckets[0];
  const last = buckets.at(-1);
  return first && last ? exponentialIndex(last.middle, scale) - exponentialIndex(first.middle, scale) + 1 : 0;
}

function spread(buckets: Middles, scale: number): { offset: number; bucketCounts: number[] } {
  const first = buckets[0];
  if (!first) {
    return { offset: 0, bucketCounts: [] };
  }
  const offset = exponentialIndex(first.middle, scale);
  const bucketCounts = new Array<number>(span(buckets, scale)).fill(0);
  for (const { middle, count } of buckets) {
    const position = exponentialIndex(middle, scale) - offset;
    bucketCounts[position] = (bucketCounts[position] as number) + count;
  }
  return { offset, bucketCounts };
}
