export { activeContext, contextOf } from './active-context.ts';
export { countDropped, droppedCounts, guard, guarded, warnOnce } from './guard.ts';
export { isSuppressed, type Observation, observation, unobserved } from './observation.ts';
export { createPatches } from './patches.ts';
export { createSlowOperations } from './slow-operations.ts';
export { defineTelemetry } from './telemetry.ts';
export type {
  AnyFunction,
  AttributeDefinition,
  MetricDefinition,
  Patch,
  Patches,
  SlowOperations,
  SlowOperationsConfig,
  SpanDefinition,
  Telemetry,
} from './types.ts';
