import type { SampledSpan } from '@sonde/sampling';
import {
  type LogRecord,
  type MetricPoint,
  type Origin,
  readLogs,
  readMetrics,
  readSpans,
  type SpanRecord,
} from './otlp.ts';
import type { Signal } from './sink.ts';

/** An event of the program, with the time at which it reached this process. */
export interface ReceivedLog extends LogRecord {
  readonly receivedMs: number;
}

export interface ReceivedSpan extends SpanRecord {
  readonly receivedMs: number;
}

/** What one process exported, or all of them. */
export interface ProcessTelemetry {
  /** The spans of requests that have arrived, each with the threshold it was kept at. */
  requests(): readonly SampledSpan[];
  /** The last cumulative points of a metric. */
  metric(name: string): MetricPoint[];
}

/** A process that has exported something. */
export interface ProcessFacts {
  readonly pid: number;
  readonly service: string;
  readonly spans: number;
}

export interface TelemetryStore extends ProcessTelemetry {
  accept(signal: Signal, body: unknown): void;
  /** Called with each log record as it arrives. */
  onLog(listener: (log: ReceivedLog) => void): void;
  /** Called with each span as it arrives. */
  onSpan(listener: (span: ReceivedSpan) => void): void;
  /** Called with all metrics of a process as it sends them. */
  onMetrics(listener: (points: readonly MetricPoint[]) => void): void;
  /** What one process exported. */
  ofProcess(pid: number): ProcessTelemetry;
  /** In the order in which they were first heard of. */
  processes(): readonly ProcessFacts[];
  metricNames(): string[];
  /** The route of the nearest server span at or above this span, if it has arrived. */
  routeOf(spanId: string): string | undefined;
  readonly counts: { readonly spans: number; readonly logs: number; readonly forgotten: number };
}

/** Stands for requests that no route is known of. */
export const NO_ROUTE = '(no route)';

const MAX_INDEXED_SPANS = 100_000;
const MAX_REQUESTS = 200_000;
const MAX_SERIES = 20_000;
const MAX_DEPTH = 32;
const MAX_PROCESSES = 1_000;
const SERVER = 2;

/** Everything that the program exported, in bounded memory: the oldest goes first and is counted as forgotten. */
export function createTelemetryStore(now: () => number): TelemetryStore {
  const requests: (SampledSpan & { readonly pid: number })[] = [];
  const processes = new Map<number, { readonly pid: number; readonly service: string; spans: number }>();
  const spans = new Map<string, { parent: string; route: string | undefined }>();
  const metrics = new Map<string, Map<string, MetricPoint>>();
  const logListeners: ((log: ReceivedLog) => void)[] = [];
  const spanListeners: ((span: ReceivedSpan) => void)[] = [];
  const metricListeners: ((points: readonly MetricPoint[]) => void)[] = [];
  const counts = { spans: 0, logs: 0, forgotten: 0 };
  let series = 0;

  function addRequest(span: SpanRecord, route: string): void {
    if (requests.length >= MAX_REQUESTS) {
      counts.forgotten++;
      return;
    }
    const { origin, traceId, spanId, ot, startMs, durationMs, attributes } = span;
    const status = Number(attributes.get('http.response.status_code') ?? 0);
    requests.push({
      pid: origin.pid,
      traceId,
      spanId,
      ot,
      isLocalRoot: true,
      key: `${String(attributes.get('http.request.method') ?? '')} ${route}`,
      startMs,
      durationMs,
      isError: status >= 500 || span.isError,
    });
  }

  function notice({ pid, service }: Origin, fresh: number): void {
    const known = processes.get(pid);
    if (known !== undefined) known.spans += fresh;
    else if (processes.size < MAX_PROCESSES) processes.set(pid, { pid, service, spans: fresh });
  }

  function addSpan(span: SpanRecord, receivedMs: number): void {
    counts.spans++;
    notice(span.origin, 1);
    const route = span.kind === SERVER ? String(span.attributes.get('http.route') ?? NO_ROUTE) : undefined;
    if (spans.size >= MAX_INDEXED_SPANS) for (const oldest of spans.keys()) if (spans.delete(oldest)) break;
    spans.set(span.spanId, { parent: span.parentSpanId, route });
    if (route !== undefined) addRequest(span, route);
    for (const listener of spanListeners) listener({ ...span, receivedMs });
  }

  function addLog(log: LogRecord, receivedMs: number): void {
    counts.logs++;
    for (const listener of logListeners) listener({ ...log, receivedMs });
  }

  function addPoint(point: MetricPoint): void {
    notice(point.origin, 0);
    const known = metrics.get(point.name) ?? new Map<string, MetricPoint>();
    metrics.set(point.name, known);
    const key = JSON.stringify([point.origin.pid, point.scope, ...point.attributes]);
    if (!known.has(key) && ++series > MAX_SERIES) {
      counts.forgotten++;
      return;
    }
    known.set(key, point);
  }

  const metric = (name: string): MetricPoint[] => [...(metrics.get(name)?.values() ?? [])];
  return {
    accept: (signal, body) => {
      const receivedMs = now();
      if (signal === 'traces') for (const span of readSpans(body)) addSpan(span, receivedMs);
      if (signal === 'logs') for (const log of readLogs(body)) addLog(log, receivedMs);
      if (signal !== 'metrics') return;
      const points = readMetrics(body);
      for (const point of points) addPoint(point);
      for (const listener of metricListeners) listener(points);
    },
    onLog: (listener) => {
      logListeners.push(listener);
    },
    onSpan: (listener) => {
      spanListeners.push(listener);
    },
    onMetrics: (listener) => {
      metricListeners.push(listener);
    },
    requests: () => requests,
    metric,
    ofProcess: (wanted) => ({
      requests: () => requests.filter(({ pid }) => pid === wanted),
      metric: (name) => metric(name).filter(({ origin }) => origin.pid === wanted),
    }),
    processes: () => [...processes.values()],
    metricNames: () => [...metrics.keys()].sort(),
    routeOf: (spanId) => {
      let at = spans.get(spanId);
      for (let depth = 0; at !== undefined && at.route === undefined && depth < MAX_DEPTH; depth++)
        at = spans.get(at.parent);
      return at?.route;
    },
    counts,
  };
}
