export { BLOCKED_LOOP_DEFAULTS, DEFAULTS } from './config.ts';
export { SchedulerInstrumentation } from './instrumentation.ts';
export { TELEMETRY } from './semantic-names.ts';
export { SchedulerSpanProcessor } from './turn-roots.ts';
export type {
  BlockedLoopConfig,
  BlockedLoopReport,
  LongTurn,
  SchedulerInstrumentationConfig,
  StackFrame,
  TraceRoot,
} from './types.ts';
