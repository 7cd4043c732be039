import { type Context, context, type Span, trace } from '@opentelemetry/api';
import { eventStream } from '@sonde/event-stream';

const CONTEXT_ID: unique symbol = Symbol.for('sonde.context.id') as never;

interface MarkedSpan extends Span {
  [CONTEXT_ID]?: number;
}

interface MarkedContext extends Context {
  [CONTEXT_ID]?: number;
}

function intern(span: MarkedSpan): number {
  const { traceId, spanId } = span.spanContext();
  // Checks the ids itself, and has 0 for bad ones.
  const id = eventStream().context(traceId, spanId);
  // A frozen span (somebody's own implementation) is interned at each call instead.
  if (Object.isExtensible(span)) span[CONTEXT_ID] = id;
  return id;
}

/**
 * The id of a span's trace context in this thread's event stream, 0 without a valid one. The id is kept on the span:
 * the first call costs some 100 ns, later ones one property read.
 */
export function contextOf(span: Span | undefined): number {
  if (span === undefined) return 0;
  const known = (span as MarkedSpan)[CONTEXT_ID];
  return known === undefined ? intern(span) : known;
}

function markContext(active: MarkedContext): number {
  const id = contextOf(trace.getSpan(active));
  if (Object.isExtensible(active)) active[CONTEXT_ID] = id;
  return id;
}

/**
 * The same for the active span: what `emit(timeMs, value, detail, context)` takes. Kept on the context object as well,
 * which never changes its span: that saves the look-up of the span, half of the time.
 */
export function activeContext(): number {
  const active: MarkedContext = context.active();
  const known = active[CONTEXT_ID];
  return known === undefined ? markContext(active) : known;
}
