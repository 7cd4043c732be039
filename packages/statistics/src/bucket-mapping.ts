import type { BucketsPerOctave } from './types.ts';

/**
 * The mapping from a positive double to a log-linear bucket, straight from its bits: an IEEE 754 double is
 * 2^exponent * (1 + mantissa), so the exponent with the top k bits of the mantissa behind it is the number of a bucket
 * that splits each octave into 2^k equal parts. No logarithm, no branch, about a nanosecond.
 *
 * Index 0 starts at 1; with 32 buckets an octave, 32 starts at 2 and -32 at 0.5. The index never falls as the value
 * rises. The same idea, with decimal precision, is HdrHistogram's; the middle that makes the relative error equal at
 * both ends of a bucket is DDSketch's (Masson et al. 2019, section 2.2).
 */

const MANTISSA_BITS_IN_HIGH_WORD = 20;
const EXPONENT_BIAS = 1023;

const scratch = new Float64Array(1);
const scratchWords = new Uint32Array(scratch.buffer);

/** Which 32-bit word of a double holds sign and exponent on this machine: 1 on little-endian ones, else 0. */
export const HIGH_WORD: 0 | 1 = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0;

/**
 * The bucket of a value > 0. For 0, negatives, NaN and Infinity the result is an integer without meaning: test first.
 * Subnormal values fall in buckets below those of the normal ones, in order.
 */
export function bucketIndex(value: number, bucketsPerOctave: BucketsPerOctave = 32): number {
  scratch[0] = value;
  return bucketIndexOfHighWord(scratchWords[HIGH_WORD] as number, bucketsPerOctave);
}

/** As `bucketIndex`, from the word of the double at `HIGH_WORD`: for those who hold the bits in a typed array already. */
export function bucketIndexOfHighWord(highWord: number, bucketsPerOctave: BucketsPerOctave = 32): number {
  // clz32 of 8, 16, 32, 64 is 28, 27, 26, 25: the shift leaves 3, 4, 5, 6 bits of mantissa.
  const shift = Math.clz32(bucketsPerOctave) - (31 - MANTISSA_BITS_IN_HIGH_WORD);
  return (highWord >>> shift) - EXPONENT_BIAS * bucketsPerOctave;
}

/** The smallest value of a bucket. */
export function bucketLower(index: number, bucketsPerOctave: BucketsPerOctave = 32): number {
  const octave = Math.floor(index / bucketsPerOctave);
  return 2 ** octave * (1 + (index - octave * bucketsPerOctave) / bucketsPerOctave);
}

/** The first value above a bucket. */
export function bucketUpper(index: number, bucketsPerOctave: BucketsPerOctave = 32): number {
  return bucketLower(index + 1, bucketsPerOctave);
}

/** The value that stands for a bucket: the harmonic mean of its ends, off by at most `relativeError` from any member. */
export function bucketMiddle(index: number, bucketsPerOctave: BucketsPerOctave = 32): number {
  const lower = bucketLower(index, bucketsPerOctave);
  const width = bucketUpper(index, bucketsPerOctave) - lower;
  return lower + width / (2 + width / lower);
}

/** The largest relative distance between a value and the middle of its bucket: 1 / (2 * bucketsPerOctave + 1). */
export function relativeError(bucketsPerOctave: BucketsPerOctave = 32): number {
  return 1 / (2 * bucketsPerOctave + 1);
}

/**
 * The position in `counts` at which the running total first reaches `rank`; the last non-empty position when it never
 * does, -1 when all are empty. For histograms that live in somebody's own typed array.
 */
export function positionOfRank(counts: ArrayLike<number>, rank: number): number {
  let total = 0;
  let last = -1;
  for (let position = 0; position < counts.length; position++) {
    const count = counts[position] as number;
    if (count > 0) {
      total += count;
      last = position;
      if (total >= rank) {
        return position;
      }
    }
  }
  return last;
}
