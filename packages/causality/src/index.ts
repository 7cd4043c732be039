export type { NextSpanProcessor } from '@sonde/instrumentation-kit';
export { type Batch, type BatchConfig, createBatch } from './batch/batch.ts';
export { linkCauses } from './batch/link-causes.ts';
export { BLAME_DEFAULTS, type BlameConfig } from './blame/blame-config.ts';
export { CausalitySpanProcessor } from './blame/causality-span-processor.ts';
export { CAUSES, type Cause } from './blame/causes.ts';
export { currentChain } from './chains/chain-context.ts';
export { type CausalFields, emitCausal, emitInChain } from './chains/emit-causal.ts';
export { runInChain } from './chains/run-in-chain.ts';
export { criticalPath } from './critical-path/critical-path.ts';
export { formatCriticalPath, formatTrace } from './critical-path/format/format-trace.ts';
export { FORMAT_DEFAULTS, type FormatOptions } from './critical-path/format/options.ts';
export { CRITICAL_PATH_DEFAULTS } from './critical-path/options.ts';
export type {
  BlameShare,
  ClockShift,
  CriticalPath,
  CriticalPathOptions,
  LooseAttributes,
  OperationTotal,
  PathSegment,
  PlainEvent,
  PlainLink,
  PlainTraceSpan,
  SdkTraceSpan,
  SpanResource,
  TraceEntry,
  TraceNotes,
  TraceSpan,
} from './critical-path/types.ts';
export { CausalGraph } from './graph/causal-graph.ts';
export {
  ancestors,
  causalTrace,
  descendants,
  happenedBefore,
  timeline,
} from './graph/queries.ts';
export { type CausalQueryOptions, QUERY_DEFAULTS } from './graph/query-options.ts';
export type { CausalSpan, CausalTrace, Moment, MomentKind, Order } from './graph/types.ts';
export { CausalOrderSpanProcessor } from './order/causal-order-span-processor.ts';
export type { SpanReference } from './order/causes.ts';
export { createSpanStarts, type SpanStarts, type StartedSpan } from './order/note-span-start.ts';
export { type StampedSpan, stampSpan } from './order/stamp-span.ts';
export { CausalityPropagator, type CausalityPropagatorConfig } from './propagation/causality-propagator.ts';
export { httpResponseHook, undiciResponseHook } from './propagation/http-response-hook.ts';
export {
  extractResponse,
  injectResponse,
  RESPONSE_HEADER,
  type ResponseAccess,
} from './propagation/response-timestamp.ts';
export { TELEMETRY } from './semantic-names.ts';
export { toChromeTrace } from './trace-export/chrome-trace.ts';
export { CHROME_TRACE_DEFAULTS } from './trace-export/options.ts';
export type {
  ChromeTrace,
  ChromeTraceArgs,
  ChromeTraceEvent,
  ChromeTraceOptions,
} from './trace-export/types.ts';
export { writeChromeTrace } from './trace-export/write-chrome-trace.ts';
