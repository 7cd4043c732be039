export type { Clock } from './clock.ts';
export { exemplarsOf } from './exemplars.ts';
export { createHotMetrics, type HotMetricsEnvironment, hotMetrics } from './hot-metrics.ts';
export { SECONDS_BOUNDARIES } from './options.ts';
export type {
  BoundCounter,
  BoundGauge,
  BoundHistogram,
  BoundUpDownCounter,
  ExemplarContext,
  ExponentialConfig,
  HistogramConfig,
  HotAttributes,
  HotBlockDescriptor,
  HotExemplar,
  HotInstrument,
  HotMeter,
  HotMetricProducer,
  HotMetrics,
  HotMetricsStatistics,
  InstrumentConfig,
  InstrumentKind,
  ObserveCallback,
  ProducerConfig,
  TemporalitySelector,
} from './types.ts';
