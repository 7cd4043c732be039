import { type Attributes, createTraceState, type HrTime, TraceFlags } from '@opentelemetry/api';
import { printable } from '@sonde/instrumentation-kit';
import { normalisePath } from '../key-hash.ts';
import type { EstimableSpan, OtlpSpan, SampledSpan, SdkSpan } from './types.ts';

const ERROR = 2;
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;
const NANOS_PER_MS = 1_000_000n;
const ENTRY_KINDS: readonly unknown[] = [2, 5, 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER'];
/** Of a 64-bit number; making one of a million digits takes seconds. */
const MAX_DIGITS = 20;
const HEX = /^[\da-f]*$/i;

type Lookup = (attribute: string) => unknown;

/** `undefined`: not sampled, so that it says nothing. @throws whatever a span that is none makes it throw */
export function readSpan(span: EstimableSpan): SampledSpan | undefined {
  if ('spanContext' in span) return readSdkSpan(span);
  if ('startTimeUnixNano' in span) return readOtlpSpan(span);
  if (typeof span.traceId !== 'string') throw new TypeError('estimate: a span has no trace id');
  return span;
}

function readSdkSpan(span: SdkSpan): SampledSpan | undefined {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  if ((traceFlags & TraceFlags.SAMPLED) === 0) return undefined;
  const { parentSpanContext: parent, attributes } = span;
  const startMs = hrTimeMs(span.startTime);
  return {
    traceId,
    spanId,
    ot: traceState?.get('ot'),
    isLocalRoot: parent === undefined || parent.isRemote === true,
    key: keyOf(span.name, (attribute) => (attributes as Attributes)[attribute]),
    startMs,
    // Each part apart: as one number, the nanoseconds of the present do not fit a double.
    durationMs: hrTimeMs([span.endTime[0] - span.startTime[0], span.endTime[1] - span.startTime[1]]),
    isError: span.status.code === ERROR,
  };
}

function readOtlpSpan(span: OtlpSpan): SampledSpan {
  const start = nanos(span.startTimeUnixNano);
  const code = span.status?.code;
  return {
    traceId: hexId(span.traceId),
    spanId: hexId(span.spanId),
    ot: typeof span.traceState === 'string' ? createTraceState(span.traceState).get('ot') : undefined,
    isLocalRoot: isLocalRoot(span),
    key: keyOf(span.name, (attribute) => attributeOf(span, attribute)),
    startMs: Number(start / NANOS_PER_MS),
    durationMs: Number(nanos(span.endTimeUnixNano) - start) / Number(NANOS_PER_MS),
    isError: code === ERROR || code === 'STATUS_CODE_ERROR',
  };
}

function hrTimeMs([seconds, nanoseconds]: HrTime): number {
  return seconds * 1000 + nanoseconds / 1e6;
}

function nanos(time: unknown): bigint {
  const text = String(time);
  if (text.length > MAX_DIGITS) throw new RangeError('estimate: a time is no 64-bit number');
  return BigInt(text);
}

/** Hex as it is, base64 and bytes as hex. */
function hexId(id: string | Uint8Array): string {
  if (typeof id !== 'string') return Buffer.from(id).toString('hex');
  const isHex = (id.length === 32 || id.length === 16) && HEX.test(id);
  return isHex ? id : Buffer.from(id, 'base64').toString('hex');
}

function isLocalRoot({ parentSpanId, flags, kind }: OtlpSpan): boolean {
  if (parentSpanId === undefined || parentSpanId === null || parentSpanId.length === 0) return true;
  if (typeof flags === 'number' && (flags & HAS_IS_REMOTE) !== 0) return (flags & IS_REMOTE) !== 0;
  return ENTRY_KINDS.includes(kind);
}

function attributeOf({ attributes }: OtlpSpan, wanted: string): unknown {
  const value: unknown = attributes?.find(({ key }) => key === wanted)?.value;
  return typeof value === 'object' && value !== null ? (value as { stringValue?: unknown }).stringValue : undefined;
}

function textOf(lookup: Lookup, attribute: string, former: string): string {
  const value = lookup(attribute) ?? lookup(former);
  return typeof value === 'string' ? value : '';
}

function keyOf(name: unknown, lookup: Lookup): string {
  const method = textOf(lookup, 'http.request.method', 'http.method');
  const route = lookup('http.route');
  const path = textOf(lookup, 'url.path', 'http.target');
  let place = typeof name === 'string' ? name : '';
  if (typeof route === 'string' && route !== '') place = route;
  else if (path !== '') place = normalisePath(path);
  if (method !== '') return printable(`${method} ${place}`);
  return printable(place === '' ? '(unnamed)' : place);
}
