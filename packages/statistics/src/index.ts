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
export { type ChangePoint, type ChangePointsConfig, findChangePoints } from './change-points.ts';
export { CHANNEL_NAMES } from './channels.ts';
export { createDetector, type DetectorConfig } from './create-detector.ts';
export { Cusum, type CusumConfig, type CusumState } from './cusum.ts';
export type { StreamingDetectorState } from './detector-state.ts';
export { compareToBaseline, type Drift, type DriftConfig } from './drift.ts';
export { cohensD, hedgesG } from './effect-size.ts';
export { LATENCY_PROBABILITY, LatencyModel } from './latency-model.ts';
export type { LatencyModelState } from './latency-state.ts';
export { LogLinearHistogram } from './log-linear-histogram.ts';
export { type MannWhitney, mannWhitney } from './mann-whitney.ts';
export { PageHinkley, type PageHinkleyConfig, type PageHinkleyState } from './page-hinkley.ts';
export { type Decomposition, decompose } from './seasonal-decomposition.ts';
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
