export type { NextSpanProcessor } from '@sonde/instrumentation-kit';
export { AdaptiveSampler } from './adaptive-sampler.ts';
export { type AdaptiveSamplerConfig, type AdaptiveSamplerEnvironment, DEFAULTS } from './config.ts';
export type { KeyDescription, SamplerDescription } from './description.ts';
export { adjustedCount } from './estimate/adjusted-count.ts';
export { estimate } from './estimate/estimate.ts';
export type {
  EstimableSpan,
  Estimated,
  EstimateOptions,
  Estimation,
  GroupEstimate,
  OtlpSpan,
  SampledSpan,
  SdkSpan,
} from './estimate/types.ts';
export type { FallbackReason } from './fallbacks.ts';
export type { KeyDemand, ProcessDemand } from './fleet/demand.ts';
export type { LeasedSampler } from './fleet/fleet-member.ts';
export { hostFleetStore } from './fleet/host-store.ts';
export {
  type IoredisClient,
  type NodeRedisClient,
  type RedisClient,
  type RedisFleetConfig,
  redisFleetStore,
} from './fleet/redis-store.ts';
export { type FleetConfig, shareBudget } from './fleet/share-budget.ts';
export { type ThreadFleetStore, threadFleetStore } from './fleet/thread-store.ts';
export type { FleetCounts, FleetStore } from './fleet/types.ts';
export {
  GOVERNOR_DEFAULTS,
  type GovernedSampler,
  type OverheadGovernorConfig,
  type OverheadGovernorEnvironment,
  type ThinnedStream,
} from './governor/options.ts';
export { type GovernorDescription, OverheadGovernor } from './governor/overhead-governor.ts';
export {
  type FollowingSampler,
  JAEGER_DEFAULTS,
  JaegerRemoteBudget,
  type JaegerRemoteBudgetConfig,
} from './jaeger/jaeger-remote-budget.ts';
export type { KeyFunction } from './key-source.ts';
export { followParent } from './parent-decision.ts';
export { PRESETS, type PresetName, presetSampler } from './preset-sampler.ts';
export type { SamplingRule } from './rules.ts';
export { TELEMETRY } from './semantic-names.ts';
export { keepTrace } from './tail/keep-trace.ts';
export type { Outcome, TailDescription } from './tail/tail-account.ts';
export { TAIL_DEFAULTS, type TailSamplingConfig, type TailSamplingEnvironment } from './tail/tail-config.ts';
export { ANOMALY_ATTRIBUTE, TAIL_REASONS, type TailReason, type TraceClass } from './tail/tail-reason.ts';
export { TailSamplingSpanProcessor } from './tail/tail-sampling-span-processor.ts';
export { encodeThreshold, NEVER, probabilityOf, thresholdOf } from './threshold.ts';
export type { SamplingSpanProcessor } from './trace-account.ts';
export type { Decision, SamplingIntent, SamplingResult } from './types.ts';
