import { type Context, context, createContextKey, INVALID_TRACEID, type Span, trace } from '@opentelemetry/api';
import type { SpanReference } from '../order/causes.ts';

const CHAIN = createContextKey('sonde.chain');

/** A stay in a chain: what `runInChain` makes. It takes the place of a span for events emitted in it. */
export interface Stay extends SpanReference {
  /** The span that was active where it was entered. */
  readonly over: Span | undefined;
}

export function withStay(active: Context, stay: Stay): Context {
  return active.setValue(CHAIN, stay);
}

/** The stay that code in a context is in, unless a span that was started inside is active. */
export function stayIn(active: Context): Stay | undefined {
  const stay = active.getValue(CHAIN) as Stay | undefined;
  return stay !== undefined && stay.over === trace.getSpan(active) ? stay : undefined;
}

/**
 * What code in a context belongs to: the innermost of the active span and the chain that was entered. Undefined when there
 * is neither.
 */
export function placeIn(active: Context): SpanReference | undefined {
  const stay = stayIn(active);
  if (stay !== undefined) return stay;
  const spanContext = trace.getSpanContext(active);
  // All that has no trace has this id; whether another is well formed, the stream looks at.
  if (spanContext !== undefined && spanContext.traceId !== INVALID_TRACEID) return spanContext;
  return active.getValue(CHAIN) as Stay | undefined;
}

/** The id of the chain that code runs in: that of the active trace, or of a chain entered within it. */
export function currentChain(active: Context = context.active()): string | undefined {
  return placeIn(active)?.traceId;
}
