export type { NextSpanProcessor } from '@sonde/instrumentation-kit';
export { AnomalyMetricReader } from './anomaly-metric-reader.ts';
export { checkBaseline } from './baseline/baseline-file.ts';
export { compareBaselines } from './baseline/compare-baselines.ts';
export type { Baseline, BaselineEntry, BehaviourChange, DriftReport } from './baseline/types.ts';
export { type AnomalyDetectionConfig, DEFAULTS } from './config.ts';
export { type AnomalyDetection, createAnomalyDetection } from './create-anomaly-detection.ts';
export type { AnomalyEnvironment } from './detection.ts';
export { KNOWN_METRICS, type KnownMetric, knownMetric, type MetricRole } from './known-metrics.ts';
export type { MemoryUsage } from './memory-samples.ts';
export { TELEMETRY } from './semantic-names.ts';
export { AnomalySpanProcessor } from './spans/anomaly-span-processor.ts';
export type {
  Anomaly,
  AnomalyListener,
  AnomalySeverity,
  AnomalySource,
  Direction,
  MovedSeries,
  Undo,
} from './types.ts';
