import { type Context, type Span, trace } from '@opentelemetry/api';
import type { HybridTimestamp } from '@sonde/event-stream';

const SENT: unique symbol = Symbol.for('sonde.sent') as never;

interface ReceivedSpan extends Span {
  [SENT]?: HybridTimestamp;
}

/**
 * Notes, on the span that stands for the sender's in the context that a message has brought, when the message was sent by
 * the sender's clock. Whoever sees a span start in that context then knows what must have happened before: all that the
 * sender's thread did up to then. Call it only with timestamps that the clock has accepted, and only where the span is one of
 * the sender's thread: not when the sender had received the context itself (its span context is remote there).
 */
export function rememberSent(received: Context, sent: HybridTimestamp): void {
  const span: ReceivedSpan | undefined = trace.getSpan(received);
  if (span !== undefined && Object.isExtensible(span)) span[SENT] = sent;
}

/** When the message that has brought a context was sent; undefined when none has, and in the contexts of spans started there. */
export function sentIn(received: Context): HybridTimestamp | undefined {
  return (trace.getSpan(received) as ReceivedSpan | undefined)?.[SENT];
}
