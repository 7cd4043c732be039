import { LogLinearHistogram, toExplicitBuckets, toExponentialBuckets } from '../src/index.ts';
import { DATASETS } from './datasets.ts';
import { SEED } from './seed.ts';

const BOUNDARIES = [-100, 0, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 100, 1000];

function histogramOf(values: readonly number[]): LogLinearHistogram {
  const histogram = new LogLinearHistogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

describe.each(Object.keys(DATASETS))('of %s data', (name) => {
  const values = DATASETS[name]!(5000, SEED);
  const histogram = histogramOf(values);

  it('explicit buckets hold everything, misplaced only within the stated error of a boundary', () => {
    const counts = toExplicitBuckets(histogram, BOUNDARIES);
    expect(counts).toHaveLength(BOUNDARIES.length + 1);
    expect(total(counts)).toBe(5000);
    let below = 0;
    for (const [i, boundary] of BOUNDARIES.entries()) {
      below += counts[i] as number;
      const slack = Math.abs(boundary) * 2 * histogram.relativeError + 2 ** -30;
      expect(below).toBeGreaterThanOrEqual(values.filter((value) => value <= boundary - slack).length);
      expect(below).toBeLessThanOrEqual(values.filter((value) => value <= boundary + slack).length);
    }
  });

  it.each([160, 20, 2])('exponential buckets hold everything in at most %i buckets a sign', (maxSize) => {
    const { scale, positive, negative, ...rest } = toExponentialBuckets(histogram, maxSize);
    expect(positive.bucketCounts.length).toBeLessThanOrEqual(maxSize);
    expect(negative.bucketCounts.length).toBeLessThanOrEqual(maxSize);
    expect(total(positive.bucketCounts) + total(negative.bucketCounts) + rest.zeroCount).toBe(5000);
    expect(rest).toMatchObject({ count: 5000, sum: histogram.sum, min: histogram.min, max: histogram.max });
    expect(scale).toBeLessThanOrEqual(5);
  });

  it('quantiles of the exponential buckets agree within the errors of both', () => {
    const { scale, positive, negative, zeroCount } = toExponentialBuckets(histogram);
    const base = 2 ** (2 ** -scale);
    const upTo = (limit: number): number => {
      const below = (index: number): boolean => base ** (index + 1) <= limit * (1 + 1e-9);
      return positive.bucketCounts.reduce((sum, count, i) => (below(positive.offset + i) ? sum + count : sum), 0);
    };
    for (const limit of [2 ** -5, 1, 8, 1024]) {
      const counted = upTo(limit) + total(negative.bucketCounts) + zeroCount;
      const slack = 2 * histogram.relativeError + (base - 1);
      expect(counted).toBeGreaterThanOrEqual(values.filter((value) => value <= limit * (1 - slack)).length);
      expect(counted).toBeLessThanOrEqual(values.filter((value) => value <= limit * (1 + slack)).length);
    }
  });
});

it('an empty histogram converts to zeros', () => {
  const empty = new LogLinearHistogram();
  expect(toExplicitBuckets(empty, [1, 2])).toEqual([0, 0, 0]);
  expect(toExponentialBuckets(empty)).toEqual({
    scale: 5,
    count: 0,
    sum: 0,
    zeroCount: 0,
    positive: { offset: 0, bucketCounts: [] },
    negative: { offset: 0, bucketCounts: [] },
  });
});

it('explicit boundaries are inclusive above, as OpenTelemetry has them', () => {
  expect(toExplicitBuckets(histogramOf([10, 10, 10]), [10, 20])).toEqual([3, 0, 0]);
  expect(toExplicitBuckets(histogramOf([0]), [0, 20])).toEqual([1, 0, 0]);
});

it('puts one value into the exponential bucket (base^i, base^(i+1)] around it', () => {
  const { scale, positive } = toExponentialBuckets(histogramOf([3]));
  const base = 2 ** (2 ** -scale);
  expect(base ** positive.offset).toBeLessThan(3 * (1 + 1 / 65));
  expect(base ** (positive.offset + 1)).toBeGreaterThanOrEqual(3);
  expect(positive.bucketCounts).toEqual([1]);
});

it('converts values beyond the largest bucket by the largest value seen', () => {
  const { positive } = toExponentialBuckets(histogramOf([2 ** 50]));
  expect(positive).toEqual({ offset: 50 * 32 - 1, bucketCounts: [1] });
});

it('needs room for two buckets', () => {
  expect(() => toExponentialBuckets(histogramOf([1]), 1)).toThrow(
    new RangeError('toExponentialBuckets: maxSize must be a number >= 2, got 1'),
  );
});
