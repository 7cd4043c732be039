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
export { CHANNEL_NAMES } from './channels.ts';
export { createDetector, type DetectorConfig } from './create-detector.ts';
export type { StreamingDetectorState } from './detector-state.ts';
export { LATENCY_PROBABILITY, LatencyModel } from './latency-model.ts';
export type { LatencyModelState } from './latency-state.ts';
export { LogLinearHistogram } from './log-linear-histogram.ts';
export { ANOMALY_THRESHOLD, StreamingDetector, type StreamingDetectorKind } from './streaming-detector.ts';
export type {
  Bucket,
  BucketRun,
  BucketsPerOctave,
  ExponentialBuckets,
  LogLinearHistogramConfig,
  LogLinearHistogramState,
} from './types.ts';
export { ZScoreDetector, type ZScoreDetectorConfig, type ZScoreDetectorState } from './zscore-detector.ts';
