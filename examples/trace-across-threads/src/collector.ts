import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LooseAttributes, PlainTraceSpan } from '@sonde/causality';

/** Takes spans in over OTLP/HTTP with JSON, on a free port of 127.0.0.1. */
export interface Collector {
  /** What OTEL_EXPORTER_OTLP_ENDPOINT must be. */
  readonly url: string;
  /** All that have arrived. */
  readonly spans: readonly PlainTraceSpan[];
  close(): void;
}

type Json = { readonly [key: string]: Json } & { readonly [index: number]: Json };

export async function startCollector(): Promise<Collector> {
  const spans: PlainTraceSpan[] = [];
  const server = createServer(async (request, response) => {
    spans.push(...readSpans(await bodyOf(request)));
    response.setHeader('content-type', 'application/json').end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Json> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return JSON.parse(Buffer.concat(pieces).toString('utf8')) as Json;
}

/** opentelemetry-proto 1.x, JSON mapping: ids in hex, 64-bit integers as strings. */
function readSpans(body: Json): PlainTraceSpan[] {
  return list(body.resourceSpans).flatMap(({ resource, scopeSpans }) => {
    const place = { attributes: attributesOf(resource?.attributes) };
    return list(scopeSpans).flatMap(({ spans }) => list(spans).map((span) => readSpan(span, place)));
  });
}

function readSpan(span: Json, resource: { readonly attributes: LooseAttributes }): PlainTraceSpan {
  return {
    traceId: String(span.traceId),
    spanId: String(span.spanId),
    parentSpanId: String(span.parentSpanId ?? ''),
    name: String(span.name),
    // OTLP counts from 1, the API from 0.
    kind: Number(span.kind) - 1,
    start: momentOf(span.startTimeUnixNano),
    end: momentOf(span.endTimeUnixNano),
    attributes: attributesOf(span.attributes),
    links: list(span.links).map(({ traceId, spanId, attributes }) => ({
      context: { traceId: String(traceId), spanId: String(spanId) },
      attributes: attributesOf(attributes),
    })),
    status: { code: Number(span.status?.code ?? 0) },
    resource,
  };
}

/** Seconds and nanoseconds: one number would lose the nanoseconds. */
function momentOf(nanos: unknown): [number, number] {
  const digits = String(nanos).padStart(10, '0');
  return [Number(digits.slice(0, -9)), Number(digits.slice(-9))];
}

function attributesOf(attributes: Json | undefined): LooseAttributes {
  return Object.fromEntries(list(attributes).map(({ key, value }) => [key, anyValue(value)]));
}

function anyValue(value: Json | undefined): unknown {
  if (value?.intValue !== undefined) return Number(value.intValue);
  return value?.stringValue ?? value?.doubleValue ?? value?.boolValue;
}

function list(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}
