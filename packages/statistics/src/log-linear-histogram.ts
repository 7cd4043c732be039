import {
  bucketIndex,
  bucketLower,
  bucketMiddle,
  bucketUpper,
  positionOfRank,
  relativeError,
} from './bucket-mapping.ts';
import { BucketStore } from './bucket-store.ts';
import { type ResolvedHistogramConfig, resolveHistogramConfig } from './histogram-config.ts';
import { readHistogramState } from './histogram-state.ts';
import type { Bucket, LogLinearHistogramConfig, LogLinearHistogramState } from './types.ts';

/** A halved count below this is taken for forgotten: 1/64 of one recorded value. */
const FORGOTTEN = 1 / 64;

/**
 * A histogram with a fixed number of equal buckets in each octave, of numbers of either sign.
 *
 * - `record` is a few nanoseconds and allocates only when a value opens a new octave (256 bytes at 32 buckets).
 * - A quantile is within `relativeError` of the exact one for magnitudes in [2^minExponent, 2^maxExponent).
 *   Magnitudes below count as zero; those above share a bucket that reports the largest (smallest) value seen.
 * - Merging two histograms equals recording everything in one. Counts may be fractional (weights).
 * - NaN and infinities change nothing but `invalidCount`.
 */
export class LogLinearHistogram {
  readonly config: ResolvedHistogramConfig;
  /** The stated bound of `quantile`, as a fraction: 1/65 at the default resolution. */
  readonly relativeError: number;
  readonly #zeroThreshold: number;
  readonly #positive: BucketStore;
  readonly #negative: BucketStore;
  #count = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  #zeroCount = 0;
  #invalidCount = 0;

  /** @throws RangeError for an option outside its range */
  constructor(config: LogLinearHistogramConfig = {}) {
    this.config = resolveHistogramConfig(config);
    const { bucketsPerOctave, minExponent, maxExponent } = this.config;
    this.relativeError = relativeError(bucketsPerOctave);
    this.#zeroThreshold = 2 ** minExponent;
    const lowest = minExponent * bucketsPerOctave;
    const overflow = maxExponent * bucketsPerOctave;
    this.#positive = new BucketStore(lowest, overflow, bucketsPerOctave);
    this.#negative = new BucketStore(lowest, overflow, bucketsPerOctave);
  }

  /** A histogram from `toState`, or from its JSON. @throws TypeError or RangeError for anything else */
  static fromState(state: LogLinearHistogramState): LogLinearHistogram {
    const checked = readHistogramState(state);
    const histogram = new LogLinearHistogram(checked);
    histogram.#positive.addAll(checked.positive);
    histogram.#negative.addAll(checked.negative);
    histogram.#count = total(checked.positive.counts) + total(checked.negative.counts) + checked.zeroCount;
    histogram.#sum = checked.sum;
    histogram.#min = checked.min ?? Number.POSITIVE_INFINITY;
    histogram.#max = checked.max ?? Number.NEGATIVE_INFINITY;
    histogram.#zeroCount = checked.zeroCount;
    histogram.#invalidCount = checked.invalidCount;
    return histogram;
  }

  /** Values recorded, weights added up, without the invalid ones. */
  get count(): number {
    return this.#count;
  }

  /** Saturates at the largest double. */
  get sum(): number {
    return this.#sum;
  }

  /** NaN when empty. */
  get mean(): number {
    return this.#count === 0 ? Number.NaN : this.#sum / this.#count;
  }

  /** Exact until `halve` forgot the smallest value, then the end of its bucket; NaN when empty. */
  get min(): number {
    return this.#count === 0 ? Number.NaN : this.#min;
  }

  /** As `min`, for the largest value. */
  get max(): number {
    return this.#count === 0 ? Number.NaN : this.#max;
  }

  /** Zeros, and magnitudes below 2^minExponent. */
  get zeroCount(): number {
    return this.#zeroCount;
  }

  /** Calls with NaN, an infinity, or a count that is not above 0 and finite. */
  get invalidCount(): number {
    return this.#invalidCount;
  }

  /** Adds a value, `count` times (a weight: any number above 0). */
  record(value: number, count = 1): void {
    const magnitude = value < 0 ? -value : value;
    if (!(magnitude < Number.POSITIVE_INFINITY && count > 0 && count < Number.POSITIVE_INFINITY)) {
      this.#invalidCount++;
      return;
    }
    if (magnitude < this.#zeroThreshold) {
      this.#zeroCount += count;
    } else {
      const store = value < 0 ? this.#negative : this.#positive;
      store.add(bucketIndex(magnitude, this.config.bucketsPerOctave), count);
    }
    this.#count += count;
    this.#addToSum(value * count);
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
  }

  /**
   * Adds values that were counted elsewhere with `bucketIndex`: `counts[i]` of them in bucket `offset + i`, and what is
   * known of them besides. Buckets must lie within the configured range. Nothing happens when all counts are 0.
   */
  recordBuckets(
    run: { readonly offset: number; readonly counts: ArrayLike<number> },
    known: { readonly sum: number; readonly min: number; readonly max: number },
  ): void {
    const count = this.#positive.addAll(run);
    if (count > 0) {
      this.#count += count;
      this.#addToSum(known.sum);
      this.#widen(known.min, known.max);
    }
  }

  /**
   * The smallest value that at least the fraction q of all values do not exceed (inverse of the empirical distribution),
   * within `relativeError`. q is clamped to 0..1, where the exact minimum and maximum are; NaN when empty.
   */
  quantile(q: number): number {
    if (this.#count === 0 || Number.isNaN(q)) {
      return Number.NaN;
    }
    if (q <= 0) return this.#min;
    if (q >= 1) return this.#max;
    return Math.min(Math.max(this.#valueOfRank(q * this.#count), this.#min), this.#max);
  }

  /** Adds all that another histogram holds. @throws RangeError when its configuration differs */
  merge(other: LogLinearHistogram): void {
    for (const option of ['bucketsPerOctave', 'minExponent', 'maxExponent'] as const) {
      if (other.config[option] !== this.config[option]) {
        throw new RangeError(
          `LogLinearHistogram: ${option} of a merged histogram must be ${this.config[option]}, got ${other.config[option]}`,
        );
      }
    }
    this.#positive.addAll(other.#positive);
    this.#negative.addAll(other.#negative);
    this.#count += other.#count;
    this.#zeroCount += other.#zeroCount;
    this.#invalidCount += other.#invalidCount;
    this.#addToSum(other.#sum);
    this.#widen(other.#min, other.#max);
  }

  /** Of 0 and -0 the first stays, as when values are recorded one by one. */
  #widen(min: number, max: number): void {
    if (min < this.#min) this.#min = min;
    if (max > this.#max) this.#max = max;
  }

  /** Halves the weight of all that was recorded; buckets left with under 1/64 of a value are forgotten, and so is the range. */
  halve(): void {
    const mean = this.mean;
    const zeroCount = this.#zeroCount / 2;
    this.#zeroCount = zeroCount < FORGOTTEN ? 0 : zeroCount;
    this.#count = this.#positive.halve(FORGOTTEN) + this.#negative.halve(FORGOTTEN) + this.#zeroCount;
    this.#sum = this.#count === 0 ? 0 : mean * this.#count;
    this.#shrinkRange();
  }

  reset(): void {
    this.#positive.reset();
    this.#negative.reset();
    this.#count = 0;
    this.#sum = 0;
    this.#zeroCount = 0;
    this.#invalidCount = 0;
    this.#shrinkRange();
  }

  /** The non-empty buckets of one sign, smallest magnitude first, without the zeros. */
  buckets(sign: 'positive' | 'negative' = 'positive'): Bucket[] {
    const { bucketsPerOctave } = this.config;
    const store = sign === 'positive' ? this.#positive : this.#negative;
    return store.entries().map(([index, count]) => ({
      lower: bucketLower(index, bucketsPerOctave),
      upper: this.#isOverflow(index) ? Number.POSITIVE_INFINITY : bucketUpper(index, bucketsPerOctave),
      middle: this.#middle(index, sign),
      count,
    }));
  }

  /** A copy as plain JSON, for `fromState`. */
  toState(): LogLinearHistogramState {
    const range = this.#count === 0 ? {} : { min: this.#min, max: this.#max };
    return {
      version: 1,
      ...this.config,
      ...range,
      sum: this.#sum,
      zeroCount: this.#zeroCount,
      invalidCount: this.#invalidCount,
      positive: this.#positive.toRun(),
      negative: this.#negative.toRun(),
    };
  }

  #addToSum(amount: number): void {
    this.#sum = Math.min(Math.max(this.#sum + amount, -Number.MAX_VALUE), Number.MAX_VALUE);
  }

  #isOverflow(index: number): boolean {
    return index === this.config.maxExponent * this.config.bucketsPerOctave;
  }

  #middle(index: number, sign: 'positive' | 'negative'): number {
    if (this.#isOverflow(index)) {
      return sign === 'positive' ? this.#max : -this.#min;
    }
    return bucketMiddle(index, this.config.bucketsPerOctave);
  }

  /** Walks from the most negative value up. */
  #valueOfRank(rank: number): number {
    let below = 0;
    const negative = this.#negative.counts;
    for (let position = negative.length - 1; position >= 0; position--) {
      below += negative[position] as number;
      if (below >= rank && below > 0) {
        return -this.#middle(this.#negative.offset + position, 'negative');
      }
    }
    below += this.#zeroCount;
    if (below >= rank && below > 0) {
      return 0;
    }
    const position = positionOfRank(this.#positive.counts, rank - below);
    return position < 0 ? this.#max : this.#middle(this.#positive.offset + position, 'positive');
  }

  /** Takes min and max down to the ends of the buckets that still hold something. */
  #shrinkRange(): void {
    if (this.#count === 0) {
      this.#min = Number.POSITIVE_INFINITY;
      this.#max = Number.NEGATIVE_INFINITY;
      return;
    }
    const positive = this.buckets('positive');
    const negative = this.buckets('negative');
    const zero = this.#zeroCount > 0 ? 0 : undefined;
    const lowest = negative.at(-1) ? -(negative.at(-1) as Bucket).upper : (zero ?? positive[0]?.lower ?? 0);
    const highest = positive.at(-1)?.upper ?? zero ?? -(negative[0]?.lower ?? 0);
    this.#min = Math.max(this.#min, lowest);
    this.#max = Math.min(this.#max, highest);
  }
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
