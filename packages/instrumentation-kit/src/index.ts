export { activeContext, contextOf } from './active-context.ts';
export { type Carrier, readCarrier, receiveTimestamp, writeCarrier } from './carrier.ts';
export { claim } from './claim.ts';
export { everyUnref } from './every-unref.ts';
export { gatherEvidence } from './evidence.ts';
export { createFold, type Fold, type FoldConfig } from './fold.ts';
export { globalLoggerProvider, type RegisteredLoggerProvider } from './global-logger-provider.ts';
export { callBack, countDropped, droppedCounts, guard, guarded, onWarning, reportFailure, warnOnce } from './guard.ts';
export {
  type LibuvPool,
  type LibuvPoolDescriptor,
  type LibuvPoolSnapshot,
  libuvPool,
  libuvPoolSize,
} from './libuv-pool.ts';
export { linkLocalRoot, localRootAbove } from './local-root.ts';
export { LOCAL_TRACE, markTrace } from './local-trace.ts';
export { checkNextSpanProcessor, type NextSpanProcessor } from './next-span-processor.ts';
export { isContextSuppressed, isSuppressed, type Observation, observation, unobserved } from './observation.ts';
export type { Passage, PassageVisitor, RootWaits } from './open-roots.ts';
export { checkInstrumentationOptions, checkOptionNames, show } from './options.ts';
export { createPatches, impersonate } from './patches.ts';
export { createRateLimit, type RateLimit, type RateLimitConfig } from './rate-limit.ts';
export { createPathRedactor, PATH_POLICIES, type PathPolicy, printable } from './redaction.ts';
export { currentRoute, rememberRoute } from './route.ts';
export { rememberSent, sentIn } from './sent-timestamp.ts';
export { createSlowOperations } from './slow-operations.ts';
export { copySpan, type SpanChanges } from './span-copy.ts';
export { defineTelemetry, eventsFrom, hotMetricsFrom, type InstrumentsOf } from './telemetry.ts';
export type { Culprit, ThreadWaitRest, ThreadWaitVisitor } from './thread-waits.ts';
export type {
  AnyFunction,
  AttributeDefinition,
  MetricDefinition,
  MetricOf,
  Patch,
  Patches,
  SlowOperations,
  SlowOperationsConfig,
  SpanDefinition,
  Telemetry,
} from './types.ts';
export type { WaitList, WaitVisitor } from './wait-list.ts';
export {
  addWaitSource,
  areWaitsRead,
  type CpuWait,
  noteCpuWait,
  noteThreadAmount,
  noteThreadWait,
  noteWait,
  noteWaitOfTrace,
  readWaits,
  soleOpenRoot,
  WAITS,
  type Wait,
  type WaitReader,
  type WaitSource,
  waitsOf,
} from './waits.ts';
