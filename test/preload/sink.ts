/** Takes OTLP over HTTP as JSON on loopback and keeps what arrived. */
import { createServer, type Server } from 'node:http';

export interface SinkSpan {
  readonly scope: string;
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface SinkMetric {
  readonly scope: string;
  readonly name: string;
  readonly attributes: readonly Readonly<Record<string, unknown>>[];
  /** 1 delta, 2 cumulative, undefined for gauges. */
  readonly temporality: number | undefined;
}

export interface SinkLog {
  readonly scope: string;
  readonly body: string;
  readonly eventName: string;
}

/** What the sink does with a request: answer, refuse for now, or say nothing for ever. */
export type SinkMode = 'answer' | 'unavailable' | 'silent';

export interface Sink {
  readonly endpoint: string;
  /** Variables that make a program send here. */
  readonly env: Readonly<Record<string, string>>;
  readonly spans: SinkSpan[];
  readonly metrics: SinkMetric[];
  readonly logs: SinkLog[];
  readonly requests: string[];
  close(): Promise<void>;
}

export const KIND = { INTERNAL: 1, SERVER: 2, CLIENT: 3 } as const;

interface WireAttribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

// biome-ignore lint/suspicious/noExplicitAny: the wire format, whose parts are checked by what the tests expect of them
type Wire = any;

const attributesOf = (list: readonly WireAttribute[] = []): Record<string, unknown> =>
  Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]]));

function keep(sink: Sink, body: Wire): void {
  for (const { scopeSpans = [] } of body.resourceSpans ?? []) {
    for (const { scope, spans = [] } of scopeSpans) {
      for (const { name, kind, traceId, spanId, parentSpanId = '', attributes } of spans) {
        const ids = { traceId, spanId, parentSpanId };
        sink.spans.push({ scope: scope.name, name, kind, ...ids, attributes: attributesOf(attributes) });
      }
    }
  }
  for (const { scopeMetrics = [] } of body.resourceMetrics ?? []) {
    for (const { scope, metrics = [] } of scopeMetrics) {
      for (const { name, sum, gauge, histogram, exponentialHistogram } of metrics) {
        const data = sum ?? gauge ?? histogram ?? exponentialHistogram;
        const attributes = data.dataPoints.map((point: Wire) => attributesOf(point.attributes));
        sink.metrics.push({ scope: scope.name, name, attributes, temporality: data.aggregationTemporality });
      }
    }
  }
  for (const { scopeLogs = [] } of body.resourceLogs ?? []) {
    for (const { scope, logRecords = [] } of scopeLogs) {
      for (const { body: text, eventName = '' } of logRecords) {
        sink.logs.push({ scope: scope.name, body: String(text?.stringValue ?? ''), eventName });
      }
    }
  }
}

export async function startSink(mode: SinkMode = 'answer'): Promise<Sink> {
  const server: Server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', () => {
      sink.requests.push(request.url ?? '');
      if (mode === 'silent') return;
      if (mode === 'answer') keep(sink, JSON.parse(text));
      response.writeHead(mode === 'answer' ? 200 : 503, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  const sink: Sink = {
    endpoint,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      SONDE_PROMETHEUS: '0',
    },
    spans: [],
    metrics: [],
    logs: [],
    requests: [],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return sink;
}
