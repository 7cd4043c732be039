import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import root from 'otlp-protos/build/src/generated/root.js';

// The generated code says of its types only that it is protobufjs: these are the fields that the tests read.
interface KeyValue {
  readonly key: string;
  readonly value?: {
    readonly stringValue?: string | null;
    readonly boolValue?: boolean | null;
    readonly doubleValue?: number | null;
    readonly intValue?: unknown;
  } | null;
}
type KeyValues = readonly KeyValue[] | null | undefined;

export interface Span {
  readonly name: string;
  readonly kind: number;
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly parentSpanId: Uint8Array;
  readonly startTimeUnixNano: unknown;
  readonly endTimeUnixNano: unknown;
  readonly attributes: KeyValues;
}

interface DataPoint {
  readonly attributes: KeyValues;
  readonly count?: unknown;
  readonly asInt?: unknown;
  readonly asDouble?: number | null;
}
type Data = { readonly dataPoints: readonly DataPoint[]; readonly isMonotonic?: boolean } | null;

export interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly sum?: Data;
  readonly gauge?: Data;
  readonly histogram?: Data;
}

export interface LogRecord {
  readonly eventName: string;
  readonly severityNumber: number;
  readonly traceId: Uint8Array;
  readonly attributes: KeyValues;
}

/** What the three requests have in common, whatever the fields are called. */
type Request = Readonly<Record<string, readonly Resource[]>>;
interface Resource {
  readonly resource: { readonly attributes: KeyValues } | null;
  readonly [scopes: string]: unknown;
}
interface Scope {
  readonly scope: { readonly name: string } | null;
  readonly [items: string]: unknown;
}
interface Message {
  decode(body: Uint8Array): Request;
}
type Service = Readonly<Record<string, Message>>;

const { trace, metrics, logs } = (
  root as unknown as {
    opentelemetry: { proto: { collector: Readonly<Record<'trace' | 'metrics' | 'logs', { v1: Service }>> } };
  }
).opentelemetry.proto.collector;

/** One item with the resource and scope it came in. */
export interface Received<T> {
  readonly item: T;
  readonly scope: string;
  readonly resource: Record<string, unknown>;
}

export interface ProtobufSink {
  readonly url: string;
  readonly spans: Received<Span>[];
  readonly metrics: Received<Metric>[];
  readonly logs: Received<LogRecord>[];
  /** Requests that the official protos could not decode, or that were not protobuf. */
  readonly refused: string[];
  close(): Promise<void>;
}

/** An OTLP/HTTP receiver that decodes protobuf with the official definitions. */
export async function startProtobufSink(): Promise<ProtobufSink> {
  const spans: Received<Span>[] = [];
  const receivedMetrics: Received<Metric>[] = [];
  const receivedLogs: Received<LogRecord>[] = [];
  const refused: string[] = [];

  const decode: Record<string, (body: Uint8Array) => void> = {
    '/v1/traces': (body) => {
      const request = trace.v1.ExportTraceServiceRequest?.decode(body);
      spans.push(...received<Span>(request, ['resourceSpans', 'scopeSpans', 'spans']));
    },
    '/v1/metrics': (body) => {
      const request = metrics.v1.ExportMetricsServiceRequest?.decode(body);
      receivedMetrics.push(...received<Metric>(request, ['resourceMetrics', 'scopeMetrics', 'metrics']));
    },
    '/v1/logs': (body) => {
      const request = logs.v1.ExportLogsServiceRequest?.decode(body);
      receivedLogs.push(...received<LogRecord>(request, ['resourceLogs', 'scopeLogs', 'logRecords']));
    },
  };

  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      const isProtobuf = request.headers['content-type'] === 'application/x-protobuf';
      try {
        if (!isProtobuf) throw new TypeError(`content-type ${request.headers['content-type']}`);
        const read = decode[request.url ?? ''];
        if (read === undefined) throw new RangeError(`path ${request.url}`);
        read(body);
        response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
      } catch (error) {
        refused.push(String(error));
        response.writeHead(400).end();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    metrics: receivedMetrics,
    logs: receivedLogs,
    refused,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Walks resource, scope, item. */
function received<T>(
  request: Request | undefined,
  [resources, scopes, items]: readonly [string, string, string],
): Received<T>[] {
  return (request?.[resources] ?? []).flatMap((resource) =>
    (resource[scopes] as readonly Scope[]).flatMap((scope) =>
      (scope[items] as readonly T[]).map((item) => ({
        item,
        scope: scope.scope?.name ?? '',
        resource: attributes(resource.resource?.attributes),
      })),
    ),
  );
}

/** Attributes as a plain object. */
export function attributes(pairs: KeyValues): Record<string, unknown> {
  return Object.fromEntries(
    (pairs ?? []).map(({ key, value }) => [
      key,
      value?.stringValue ??
        value?.boolValue ??
        value?.doubleValue ??
        (value?.intValue === null || value?.intValue === undefined ? undefined : Number(value.intValue)),
    ]),
  );
}

export function hex(id: Uint8Array | null | undefined): string {
  return Buffer.from(id ?? []).toString('hex');
}

export function durationMs({ startTimeUnixNano, endTimeUnixNano }: Span): number {
  return (Number(endTimeUnixNano) - Number(startTimeUnixNano)) / 1e6;
}
