import type { EventRecord } from '@sonde/event-stream';
import { parseCauses, type SpanReference } from '../order/causes.ts';
import { SPAN_ENDED, TELEMETRY } from '../semantic-names.ts';

const { spanStarted, chainEntered } = TELEMETRY.events;
const NO_LINKS: readonly SpanReference[] = [];

/** A thread of some process. */
export function threadOf({ pid, threadId }: EventRecord): string {
  return `${pid}/${threadId}`;
}

export function keyOf({ traceId, spanId }: SpanReference): string {
  return `${traceId}-${spanId}`;
}

export function isBeginning({ name }: EventRecord): boolean {
  return name === spanStarted.name || name === chainEntered.name;
}

/** Everything known of one span, or of one stay in a chain: which is more or less than it was, as records come and go. */
export class SpanNode implements SpanReference {
  readonly traceId: string;
  readonly spanId: string;
  /** When it was recorded to start; undefined for a span that is not recorded, or so old that its start is forgotten. */
  start: EventRecord | undefined;
  end: EventRecord | undefined;
  /** All records of it, start and end included. */
  readonly records: EventRecord[] = [];
  parentKey = '';
  /** When the message was sent that brought the parent's context. */
  sent: bigint | undefined;
  links: readonly SpanReference[] = NO_LINKS;

  constructor({ traceId, spanId }: SpanReference) {
    this.traceId = traceId;
    this.spanId = spanId;
  }

  add(record: EventRecord): void {
    this.records.push(record);
    if (record.name === SPAN_ENDED) this.end = record;
    if (!isBeginning(record)) return;
    this.start = record;
    const { parentSpanId, sent, links } = parseCauses(record);
    this.parentKey = parentSpanId === '' ? '' : keyOf({ traceId: this.traceId, spanId: parentSpanId });
    this.sent = sent;
    this.links = links;
  }
}
