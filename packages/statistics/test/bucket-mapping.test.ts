import fc from 'fast-check';
import {
  type BucketsPerOctave,
  bucketIndex,
  bucketIndexOfHighWord,
  bucketLower,
  bucketMiddle,
  bucketUpper,
  HIGH_WORD,
  positionOfRank,
  relativeError,
} from '../src/index.ts';
import { runs } from './seed.ts';

const RESOLUTIONS: readonly BucketsPerOctave[] = [8, 16, 32, 64];
const SMALLEST_NORMAL = 2 ** -1022;
const positive = fc.double({ min: SMALLEST_NORMAL, max: Number.MAX_VALUE, noNaN: true });

describe.each(RESOLUTIONS)('the mapping with %i buckets an octave', (resolution) => {
  it('puts a value between the ends of its bucket', () => {
    fc.assert(
      fc.property(positive, (value) => {
        const index = bucketIndex(value, resolution);
        expect(bucketLower(index, resolution)).toBeLessThanOrEqual(value);
        expect(bucketUpper(index, resolution)).toBeGreaterThan(value);
      }),
      runs(2000),
    );
  });

  it('never gives a larger value a smaller index, subnormal values included', () => {
    const any = fc.double({ min: Number.MIN_VALUE, max: Number.MAX_VALUE, noNaN: true });
    fc.assert(
      fc.property(any, any, (a, b) => {
        const [small, large] = a < b ? [a, b] : [b, a];
        expect(bucketIndex(small, resolution)).toBeLessThanOrEqual(bucketIndex(large, resolution));
      }),
      runs(2000),
    );
  });

  it('has the lower end in the bucket, and the value just below it in the bucket before', () => {
    for (let index = -40 * resolution; index < 40 * resolution; index++) {
      const lower = bucketLower(index, resolution);
      expect(bucketIndex(lower, resolution)).toBe(index);
      expect(bucketIndex(lower * (1 - 2 ** -53), resolution)).toBe(index - 1);
    }
  });

  it('starts bucket 0 at 1 and each octave at a multiple of its size', () => {
    expect(bucketLower(0, resolution)).toBe(1);
    expect(bucketIndex(2, resolution)).toBe(resolution);
    expect(bucketIndex(0.5, resolution)).toBe(-resolution);
  });

  it('has its middle within the stated error of both ends, and the error is no larger than it must be', () => {
    const bound = relativeError(resolution);
    let largest = 0;
    for (let index = -3 * resolution; index < 3 * resolution; index++) {
      const lower = bucketLower(index, resolution);
      const upper = bucketUpper(index, resolution);
      const middle = bucketMiddle(index, resolution);
      largest = Math.max(largest, (middle - lower) / lower, (upper - middle) / upper);
    }
    expect(largest).toBeLessThanOrEqual(bound * (1 + 1e-12));
    expect(largest).toBeGreaterThan(bound * (1 - 1e-12));
  });

  it('reads the same index off the upper word of the bits', () => {
    fc.assert(
      fc.property(positive, (value) => {
        const words = new Int32Array(Float64Array.of(value).buffer);
        expect(bucketIndexOfHighWord(words[HIGH_WORD] as number, resolution)).toBe(bucketIndex(value, resolution));
      }),
      runs(500),
    );
  });
});

it('takes 32 buckets an octave when nothing is said', () => {
  expect(bucketIndex(3.3)).toBe(bucketIndex(3.3, 32));
  expect(bucketLower(33)).toBe(bucketLower(33, 32));
  expect(bucketUpper(33)).toBe(bucketUpper(33, 32));
  expect(bucketMiddle(33)).toBe(bucketMiddle(33, 32));
  expect(relativeError()).toBe(1 / 65);
});

it('keeps the ends of the last bucket finite or infinite as they are', () => {
  expect(bucketIndex(Number.MAX_VALUE)).toBe(1024 * 32 - 1);
  expect(bucketUpper(1024 * 32 - 1)).toBe(Number.POSITIVE_INFINITY);
});

describe('positionOfRank', () => {
  it('finds where the running total reaches a rank', () => {
    const counts = Uint32Array.of(0, 3, 0, 2, 1, 0);
    expect([0, 1, 3, 3.5, 4, 5, 5.5, 6].map((rank) => positionOfRank(counts, rank))).toEqual([1, 1, 1, 3, 3, 3, 4, 4]);
  });

  it('gives the last non-empty position beyond the total, and -1 without counts', () => {
    expect(positionOfRank([1, 2, 0], 100)).toBe(1);
    expect(positionOfRank([0, 0], 1)).toBe(-1);
    expect(positionOfRank([], 1)).toBe(-1);
  });
});
