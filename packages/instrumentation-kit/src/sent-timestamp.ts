import { type Context, type SpanContext, trace } from '@opentelemetry/api';
import type { HybridTimestamp } from '@sonde/event-stream';

const SENT: unique symbol = Symbol.for('sonde.sent') as never;

interface ReceivedSpanContext extends SpanContext {
  readonly [SENT]?: HybridTimestamp;
}

/**
 * Notes, on the span context that a message has brought, when the message was sent by the sender's clock. Spans started
 * in that context have it as their parent, so whoever sees one start knows what must have happened before: all that the
 * sender's thread did up to then. Call it only with timestamps that the clock has accepted, and only where the span is one of
 * the sender's thread: not when the sender had received the context itself (its span context is remote there).
 */
export function rememberSent(received: Context, sent: HybridTimestamp): void {
  const spanContext = trace.getSpanContext(received);
  if (spanContext === undefined || !Object.isExtensible(spanContext)) return;
  // Not enumerable: exporters that print whatever they find would print it.
  Object.defineProperty(spanContext, SENT, { value: sent, configurable: true });
}

/** When the message that has brought this span context was sent; undefined when none has, or it carried no timestamp. */
export function sentOf(spanContext: SpanContext): HybridTimestamp | undefined {
  return (spanContext as ReceivedSpanContext)[SENT];
}
