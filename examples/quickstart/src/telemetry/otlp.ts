/**
 * OTLP/JSON as it arrives (opentelemetry-proto 1.x, JSON mapping: ids in hex, 64-bit integers as strings or numbers),
 * turned into the plain records that the rest of the quickstart reads.
 */

export type Attributes = ReadonlyMap<string, unknown>;

/** The program that something comes from. */
export interface Origin {
  /** 0 where it does not say. */
  readonly pid: number;
  readonly service: string;
  readonly attributes: Attributes;
}

export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Attributes;
}

export interface SpanRecord {
  readonly origin: Origin;
  readonly scope: string;
  readonly name: string;
  /** OTLP span kind: 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  /** The `ot` member of its tracestate: the threshold that it was kept at. */
  readonly ot: string | undefined;
  /** Milliseconds since the epoch. */
  readonly startMs: number;
  readonly durationMs: number;
  /** Seconds and nanoseconds since the epoch: exact. */
  readonly start: readonly [number, number];
  readonly end: readonly [number, number];
  readonly isError: boolean;
  readonly attributes: Attributes;
  readonly links: readonly SpanLink[];
}

export interface LogRecord {
  readonly origin: Origin;
  readonly scope: string;
  readonly eventName: string;
  readonly severity: number;
  readonly timeMs: number;
  readonly body: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Attributes;
}

export interface MetricPoint {
  readonly origin: Origin;
  /** Milliseconds since the epoch at which it was collected. */
  readonly timeMs: number;
  readonly scope: string;
  readonly name: string;
  readonly unit: string;
  readonly attributes: Attributes;
  /** Sum, gauge reading, or sum of a histogram. */
  readonly value: number;
  /** Of a histogram, otherwise 0. */
  readonly count: number;
  readonly max: number;
  /** Upper bounds and counts of an explicit histogram; empty otherwise. */
  readonly bounds: readonly number[];
  readonly bucketCounts: readonly number[];
}

const NANO_DIGITS = 9;

interface Json {
  readonly [key: string]: unknown;
}

export function readSpans(body: unknown): SpanRecord[] {
  return records(body, ['resourceSpans', 'scopeSpans', 'spans'], (origin, scope, span) => {
    const startMs = nanosToMs(span.startTimeUnixNano);
    return {
      origin,
      scope,
      name: text(span.name),
      kind: number(span.kind),
      traceId: text(span.traceId),
      spanId: text(span.spanId),
      parentSpanId: text(span.parentSpanId),
      ot: otMember(text(span.traceState)),
      startMs,
      durationMs: nanosToMs(span.endTimeUnixNano) - startMs,
      start: exact(span.startTimeUnixNano),
      end: exact(span.endTimeUnixNano),
      isError: number(object(span.status).code) === 2,
      attributes: attributes(span.attributes),
      links: list(span.links).map((link) => ({
        traceId: text(link.traceId),
        spanId: text(link.spanId),
        attributes: attributes(link.attributes),
      })),
    };
  });
}

export function readLogs(body: unknown): LogRecord[] {
  return records(body, ['resourceLogs', 'scopeLogs', 'logRecords'], (origin, scope, log) => ({
    origin,
    scope,
    eventName: text(log.eventName),
    severity: number(log.severityNumber),
    timeMs: nanosToMs(log.timeUnixNano) || nanosToMs(log.observedTimeUnixNano),
    body: String(anyValue(object(log.body)) ?? ''),
    traceId: text(log.traceId),
    spanId: text(log.spanId),
    attributes: attributes(log.attributes),
  }));
}

export function readMetrics(body: unknown): MetricPoint[] {
  return records(body, ['resourceMetrics', 'scopeMetrics', 'metrics'], (origin, scope, metric) => {
    const data = object(metric.sum ?? metric.gauge ?? metric.histogram);
    return list(data.dataPoints).map((point) => ({
      origin,
      timeMs: nanosToMs(point.timeUnixNano),
      scope,
      name: text(metric.name),
      unit: text(metric.unit),
      attributes: attributes(point.attributes),
      value: number(point.asDouble ?? point.asInt ?? point.sum),
      count: number(point.count),
      max: number(point.max),
      bounds: numbers(point.explicitBounds),
      bucketCounts: numbers(point.bucketCounts),
    }));
  }).flat();
}

/** Walks resource -> scope -> item, the three levels that all signals share. */
function records<T>(
  body: unknown,
  [resources, scopes, items]: readonly [string, string, string],
  read: (origin: Origin, scope: string, item: Json) => T,
): T[] {
  return list(object(body)[resources]).flatMap((resource) => {
    const origin = originOf(attributes(object(resource.resource).attributes));
    return list(resource[scopes]).flatMap((scope) => {
      const name = text(object(scope.scope).name);
      return list(scope[items]).map((item) => read(origin, name, item));
    });
  });
}

function originOf(resource: Attributes): Origin {
  return {
    pid: number(resource.get('process.pid')),
    service: text(resource.get('service.name')),
    attributes: resource,
  };
}

/** W3C Trace Context: members `key=value`, separated by commas. */
function otMember(traceState: string): string | undefined {
  const member = traceState.split(',').find((one) => one.trim().startsWith('ot='));
  return member?.trim().slice('ot='.length);
}

function attributes(value: unknown): Attributes {
  return new Map(list(value).map((entry) => [text(entry.key), anyValue(object(entry.value))]));
}

function anyValue(value: Json): unknown {
  if (value.intValue !== undefined) return number(value.intValue);
  if (value.arrayValue !== undefined) return list(object(value.arrayValue).values).map(anyValue);
  return value.stringValue ?? value.doubleValue ?? value.boolValue;
}

/** Nanoseconds as two numbers, because one cannot hold those of the present; a string of digits, or a number. */
function exact(value: unknown): readonly [number, number] {
  const digits = typeof value === 'string' && /^\d{1,20}$/.test(value) ? value : String(Math.round(number(value)));
  return [Number(digits.slice(0, -NANO_DIGITS)), Number(digits.slice(-NANO_DIGITS))];
}

function nanosToMs(value: unknown): number {
  return number(value) / 1e6;
}

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function list(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(object) : [];
}

function numbers(value: unknown): number[] {
  return Array.isArray(value) ? value.map(number) : [];
}

function number(value: unknown): number {
  const converted = Number(value ?? 0);
  return Number.isFinite(converted) ? converted : 0;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
