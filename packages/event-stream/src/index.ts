export { createEventStream } from './event-stream.ts';
export type {
  Category,
  EventDefinition,
  EventFilter,
  EventHandle,
  EventRecord,
  FieldDefinition,
  TextEvent,
} from './event-types.ts';
export { CATEGORIES, Severity } from './event-types.ts';
export {
  type ClockState,
  formatTimestamp,
  HybridLogicalClock,
  type HybridLogicalClockConfig,
  parseTimestamp,
  timestampToBigInt,
} from './hlc.ts';
export { configureEventStream, eventStream } from './process-stream.ts';
export type {
  Group,
  GroupedQuery,
  GroupKey,
  NumericField,
  Query,
  QueryFilter,
  Summary,
  TimeBucket,
} from './query-types.ts';
export {
  errorEvents,
  filesystemPerformance,
  type Incidents,
  memoryPressure,
  type OperationPerformance,
  operationPerformance,
  type ReportOptions,
  securityEvents,
  slowOperations,
  syscallPerformance,
  traceEvents,
} from './ready-made-queries.ts';
export { shared } from './runtime.ts';
export type {
  EventStream,
  EventStreamConfig,
  HybridClock,
  HybridTimestamp,
  RingDescriptor,
  RingSizes,
  StreamStatistics,
  SubscribeOptions,
  SubscriberStatistics,
  Subscription,
  ThreadStatistics,
} from './types.ts';
