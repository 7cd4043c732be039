export { DEFAULTS } from './config.ts';
export { EventLogBridge } from './event-log-bridge.ts';
export { globalLoggerProvider } from './global-logger-provider.ts';
export { TELEMETRY } from './semantic-names.ts';
export { SpanEventProcessor } from './span-event-processor.ts';
export { observeEventStream } from './stream-metrics.ts';
export { linkThreads } from './thread-link.ts';
export { eventParticipant, metricParticipant, poolParticipant } from './thread-participants.ts';
export type {
  EventLogBridgeConfig,
  EventLogBridgeStatistics,
  EventLogger,
  EventLoggerProvider,
  EventLogRecord,
  ThreadLink,
  ThreadLinkConfig,
  ThreadParticipant,
} from './types.ts';
