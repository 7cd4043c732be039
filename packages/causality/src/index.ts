export { currentChain } from './chains/chain-context.ts';
export { type CausalFields, emitCausal, emitInChain } from './chains/emit-causal.ts';
export { runInChain } from './chains/run-in-chain.ts';
export { CausalGraph } from './graph/causal-graph.ts';
export {
  ancestors,
  type CausalQueryOptions,
  causalTrace,
  descendants,
  happenedBefore,
  timeline,
} from './graph/queries.ts';
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
