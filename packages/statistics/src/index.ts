export { toExplicitBuckets, toExponentialBuckets } from './bucket-conversion.ts';
export {
  bucketIndex,
  bucketIndexOfHighWord,
  bucketLower,
  bucketMiddle,
  bucketUpper,
  HIGH_WORD,
  positionOfRank,
  relativeError,
} from './bucket-mapping.ts';
export { LATENCY_PROBABILITY, LatencyModel } from './latency-model.ts';
export type { LatencyModelState } from './latency-state.ts';
export { LogLinearHistogram } from './log-linear-histogram.ts';
export type {
  Bucket,
  BucketRun,
  BucketsPerOctave,
  ExponentialBuckets,
  LogLinearHistogramConfig,
  LogLinearHistogramState,
} from './types.ts';
