/**
 * What a span or a stay in a chain follows from, as the text of an event: `parent:SPAN sent:TIMESTAMP link:TRACE-SPAN ...`,
 * ids and timestamps in lower-case hex.
 */
import type { SpanContext } from '@opentelemetry/api';

/** Links told of one span; OpenTelemetry's own default limit. */
export const MAX_CAUSES = 128;

const TRACE_ID = /^[0-9a-f]{32}$/;
const SPAN_ID = /^[0-9a-f]{16}$/;

/** A span, or a stay in a chain, by its ids. */
export interface SpanReference {
  readonly traceId: string;
  readonly spanId: string;
}

export interface Causes {
  /** Span id of the parent, which is in the same trace; empty for none. */
  readonly parentSpanId: string;
  /** When the message was sent that brought the parent's context, by the sender's clock. */
  readonly sent: bigint | undefined;
  readonly links: readonly SpanReference[];
}

export function isTraceId(text: string): boolean {
  return TRACE_ID.test(text);
}

export function isSpanId(text: string): boolean {
  return SPAN_ID.test(text);
}

export function formatLink({ traceId, spanId }: SpanReference): string {
  return `link:${traceId}-${spanId}`;
}

/** The text; empty when there are no causes. */
export function formatCauses(
  parent: SpanContext | undefined,
  sent: string | undefined,
  links: readonly SpanReference[],
): string {
  let text = parent === undefined ? '' : `parent:${parent.spanId}`;
  if (sent !== undefined) text += ` sent:${sent}`;
  const from = Math.max(0, links.length - MAX_CAUSES);
  for (let i = from; i < links.length; i += 1) text += ` ${formatLink(links[i] as SpanReference)}`;
  return text;
}

function parseLink(value: string): SpanReference | undefined {
  const [traceId = '', spanId = ''] = value.split('-');
  return isTraceId(traceId) && isSpanId(spanId) ? { traceId, spanId } : undefined;
}

/** Reads such a text; what is malformed is left out. */
export function parseCauses(text: string): Causes {
  let parentSpanId = '';
  let sent: bigint | undefined;
  const links: SpanReference[] = [];
  for (const token of text.split(' ')) {
    const separator = token.indexOf(':');
    const kind = token.slice(0, separator);
    const value = token.slice(separator + 1);
    if (kind === 'link') {
      const link = parseLink(value);
      if (link !== undefined) links.push(link);
    } else if (!isSpanId(value)) continue;
    else if (kind === 'parent') parentSpanId = value;
    else if (kind === 'sent') sent = BigInt(`0x${value}`);
  }
  return { parentSpanId, sent, links };
}
