/** Buckets in each octave (a doubling). More of them: more precise, more memory. */
export type BucketsPerOctave = 8 | 16 | 32 | 64;

export interface LogLinearHistogramConfig {
  /** 8, 16, 32 or 64; the relative error of a quantile is 1 / (2 * bucketsPerOctave + 1). Default 32: 1.54 %. */
  readonly bucketsPerOctave?: BucketsPerOctave;
  /** Magnitudes below 2^minExponent count as zero; integer -1022..1022. Default -30 (a nanosecond, in seconds). */
  readonly minExponent?: number;
  /** Magnitudes from 2^maxExponent on share one bucket a sign; integer, above minExponent, <= 1023. Default 40. */
  readonly maxExponent?: number;
}

/** A run of bucket counts: `counts[i]` belongs to the bucket with index `offset + i`. */
export interface BucketRun {
  readonly offset: number;
  readonly counts: number[];
}

/** A histogram as plain JSON. `min` and `max` are absent when it is empty. */
export interface LogLinearHistogramState {
  readonly version: 1;
  readonly bucketsPerOctave: BucketsPerOctave;
  readonly minExponent: number;
  readonly maxExponent: number;
  readonly sum: number;
  readonly min?: number;
  readonly max?: number;
  readonly zeroCount: number;
  readonly invalidCount: number;
  readonly positive: BucketRun;
  readonly negative: BucketRun;
}

/** One non-empty bucket: magnitudes in [lower, upper), mirrored for negative values. */
export interface Bucket {
  readonly lower: number;
  readonly upper: number;
  /** The value that quantiles report for it. */
  readonly middle: number;
  readonly count: number;
}

/** OpenTelemetry's exponential histogram value (metrics data model, "ExponentialHistogram"). */
export interface ExponentialBuckets {
  readonly scale: number;
  readonly count: number;
  readonly sum: number;
  readonly min?: number;
  readonly max?: number;
  readonly zeroCount: number;
  readonly positive: { readonly offset: number; readonly bucketCounts: number[] };
  readonly negative: { readonly offset: number; readonly bucketCounts: number[] };
}
