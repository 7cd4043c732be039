import type { Attributes, HrTime, SpanContext, SpanKind, SpanStatus } from '@opentelemetry/api';

/** `ReadableSpan` of the SDK as far as it is looked at; structurally, since the types of SDK 2 and 3 differ. */
export interface TailSpan {
  readonly name: string;
  readonly kind: SpanKind;
  spanContext(): SpanContext;
  readonly parentSpanContext?: SpanContext | undefined;
  readonly status: SpanStatus;
  readonly attributes: Attributes;
  readonly duration: HrTime;
  readonly events: readonly { readonly attributes?: Attributes | undefined }[];
}

const SPAN_BYTES = 1000;
const ATTRIBUTE_BYTES = 50;
const EVENT_BYTES = 200;

function bytesOfValue(value: unknown): number {
  if (typeof value === 'string') return ATTRIBUTE_BYTES + value.length;
  if (!Array.isArray(value)) return ATTRIBUTE_BYTES;
  let bytes = ATTRIBUTE_BYTES;
  for (const item of value) bytes += typeof item === 'string' ? 16 + item.length : 16;
  return bytes;
}

function bytesOfAttributes(attributes: Attributes | undefined): number {
  let bytes = 0;
  for (const key in attributes) bytes += bytesOfValue(attributes[key]);
  return bytes;
}

/** Roughly what an ended span holds in memory: 1 KB, its attributes, and its events with theirs. */
export function bytesOfSpan({ attributes, events }: TailSpan): number {
  let bytes = SPAN_BYTES + bytesOfAttributes(attributes);
  if (!Array.isArray(events)) return bytes;
  for (const event of events) bytes += EVENT_BYTES + bytesOfAttributes(event?.attributes);
  return bytes;
}
