/**
 * What a span or a stay in a chain follows from, as its event tells it: the parent's span id as the event's two numbers,
 * which costs no text, and, where there are any, `sent:TIMESTAMP link:TRACE-SPAN ...` as its text, in lower-case hex.
 */
import type { EventRecord } from '@sonde/event-stream';

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

/** The text; empty when there is nothing to tell. */
export function formatCauses(sent: string | undefined, links: readonly SpanReference[]): string {
  let text = sent === undefined ? '' : `sent:${sent}`;
  const from = Math.max(0, links.length - MAX_CAUSES);
  for (let i = from; i < links.length; i += 1) {
    const link = formatLink(links[i] as SpanReference);
    text = text === '' ? link : `${text} ${link}`;
  }
  return text;
}

/** Eight hex digits of a span id, as a number; for ids that the SDK made. */
export function spanIdWord(spanId: string, from: 0 | 8): number {
  let bits = 0;
  for (let i = from; i < from + 8; i += 1) {
    const code = spanId.charCodeAt(i);
    bits = (bits << 4) | (code < 58 ? code - 48 : code - 87);
  }
  return bits >>> 0;
}

function isWord(number: number): boolean {
  return Number.isInteger(number) && number >= 0 && number < 2 ** 32;
}

/** The span id of two such numbers; empty for anything else. */
export function spanIdOf(high: number, low: number): string {
  if (!isWord(high) || !isWord(low) || high + low === 0) return '';
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
}

function parseLink(value: string): SpanReference | undefined {
  const [traceId = '', spanId = ''] = value.split('-');
  return isTraceId(traceId) && isSpanId(spanId) ? { traceId, spanId } : undefined;
}

/** Reads them; what is malformed is left out. */
export function parseCauses({ value, detail, text }: Pick<EventRecord, 'value' | 'detail' | 'text'>): Causes {
  let sent: bigint | undefined;
  const links: SpanReference[] = [];
  for (const token of text.split(' ')) {
    const separator = token.indexOf(':');
    const kind = token.slice(0, separator);
    const told = token.slice(separator + 1);
    if (kind === 'sent' && isSpanId(told)) sent = BigInt(`0x${told}`);
    const link = kind === 'link' ? parseLink(told) : undefined;
    if (link !== undefined) links.push(link);
  }
  return { parentSpanId: spanIdOf(value, detail), sent, links };
}
