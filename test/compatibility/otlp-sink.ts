/** An OTLP/HTTP receiver on loopback: decodes protobuf with the official protos, or JSON, and keeps what arrived. */
import { createServer, type IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** OTLP's numbers for the kinds of a span. */
export const SpanKind = { SERVER: 2, CLIENT: 3 } as const;

export interface SinkSpan {
  readonly scope: string;
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
}

export interface OtlpSink {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly endpoint: string;
  readonly spans: SinkSpan[];
  /** What could not be decoded. */
  readonly failures: string[];
  close(): Promise<void>;
}

/** Ids are bytes in protobuf and hex digits in JSON. */
type WireId = Uint8Array | string | null | undefined;
interface WireSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: WireId;
  readonly spanId: WireId;
  readonly parentSpanId?: WireId;
}
interface TraceRequest {
  readonly resourceSpans?: readonly {
    readonly scopeSpans?: readonly {
      readonly scope?: { readonly name?: string };
      readonly spans?: readonly WireSpan[];
    }[];
  }[];
}
interface Decoder {
  decode(bytes: Uint8Array): TraceRequest;
}

const { opentelemetry } = createRequire(import.meta.url)('otlp-protos/build/src/generated/root') as {
  opentelemetry: { proto: { collector: { trace: { v1: { ExportTraceServiceRequest: Decoder } } } } };
};
const { ExportTraceServiceRequest } = opentelemetry.proto.collector.trace.v1;

export async function startSink(): Promise<OtlpSink> {
  const spans: SinkSpan[] = [];
  const failures: string[] = [];
  const server = createServer((request, response) => {
    readBody(request).then(
      (body) => {
        try {
          if (request.url === '/v1/traces') spans.push(...decodeSpans(body, request.headers['content-type'] ?? ''));
        } catch (error) {
          failures.push(`${request.url}: ${error}`);
        }
        response.writeHead(200, { 'content-type': request.headers['content-type'] ?? 'application/json' });
        response.end(request.headers['content-type'] === 'application/json' ? '{}' : undefined);
      },
      (error: unknown) => failures.push(`${request.url}: ${error}`),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    spans,
    failures,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
}

function decodeSpans(body: Buffer, contentType: string): SinkSpan[] {
  const request: TraceRequest = contentType.startsWith('application/json')
    ? JSON.parse(body.toString())
    : ExportTraceServiceRequest.decode(body);
  return (request.resourceSpans ?? []).flatMap(({ scopeSpans = [] }) =>
    scopeSpans.flatMap(({ scope, spans = [] }) =>
      spans.map((span) => ({
        scope: scope?.name ?? '',
        name: span.name,
        kind: span.kind,
        traceId: hex(span.traceId),
        spanId: hex(span.spanId),
        parentSpanId: hex(span.parentSpanId),
      })),
    ),
  );
}

function hex(id: WireId): string {
  return typeof id === 'string' ? id : Buffer.from(id ?? []).toString('hex');
}
