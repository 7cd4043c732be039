import { type CriticalPath, criticalPath, type PlainTraceSpan } from '@sonde/causality';
import type { Attributes, SpanRecord } from './otlp.ts';

const SERVER = 2;
const MAX_SPANS = 40_000;
const KEPT_SLOWEST = 20;

export interface TraceStore {
  add(span: SpanRecord): void;
  /** The request that took longest, of those wanted that no other span asked for. */
  slowest(isWanted?: (trace: StoredTrace) => boolean): StoredTrace | undefined;
  readonly forgotten: number;
}

/** A trace that began with a request. */
export interface StoredTrace {
  readonly root: SpanRecord;
  readonly spans: readonly SpanRecord[];
  /** Processes, and threads where spans tell theirs, that its spans come from. */
  readonly places: number;
}

/** Whole traces in bounded memory: the oldest goes first, the slowest twenty requests stay. */
export function createTraceStore(): TraceStore {
  const traces = new Map<string, SpanRecord[]>();
  let slow: { readonly traceId: string; readonly durationMs: number }[] = [];
  let spans = 0;
  let forgotten = 0;

  const noteRequest = ({ traceId, durationMs }: SpanRecord): void => {
    if (slow.length >= KEPT_SLOWEST && durationMs <= (slow.at(-1)?.durationMs ?? 0)) return;
    slow = [...slow.filter((one) => one.traceId !== traceId), { traceId, durationMs }]
      .sort((a, b) => b.durationMs - a.durationMs)
      .slice(0, KEPT_SLOWEST);
  };
  const forgetOldest = (): void => {
    for (const [traceId, held] of traces) {
      if (spans <= MAX_SPANS) return;
      if (slow.some((one) => one.traceId === traceId)) continue;
      traces.delete(traceId);
      spans -= held.length;
      forgotten += held.length;
    }
  };

  return {
    add: (span) => {
      const known = traces.get(span.traceId) ?? [];
      known.push(span);
      traces.set(span.traceId, known);
      spans++;
      if (isRequest(span)) noteRequest(span);
      if (spans > MAX_SPANS) forgetOldest();
    },
    slowest: (isWanted = () => true) => {
      let found: StoredTrace | undefined;
      for (const held of traces.values()) {
        const root = held.find(isRequest);
        if (root === undefined || root.durationMs <= (found?.root.durationMs ?? 0)) continue;
        const trace = { root, spans: held, places: new Set(held.map(placeOf)).size };
        if (isWanted(trace)) found = trace;
      }
      return found;
    },
    get forgotten() {
      return forgotten;
    },
  };
}

export type TracePath = CriticalPath<PlainTraceSpan>;

/** Why the request took as long as it did; undefined where the spans do not make a trace. */
export function pathOf({ root, spans }: StoredTrace): TracePath | undefined {
  try {
    return criticalPath(plainSpans(spans), { traceId: root.traceId, rootSpanId: root.spanId });
  } catch {
    return undefined; // what arrived over the network may be anything
  }
}

/** Spans as @sonde/causality reads them. */
export function plainSpans(spans: readonly SpanRecord[]): PlainTraceSpan[] {
  return spans.map((span) => ({
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    name: span.name,
    // OTLP counts kinds from 1, the API from 0.
    kind: Math.max(0, span.kind - 1),
    start: [...span.start],
    end: [...span.end],
    attributes: plain(span.attributes),
    links: span.links.map(({ traceId, spanId, attributes }) => ({
      context: { traceId, spanId },
      attributes: plain(attributes),
    })),
    status: { code: span.isError ? 2 : 0 },
    resource: { attributes: plain(span.origin.attributes) },
  }));
}

function isRequest({ kind, parentSpanId }: SpanRecord): boolean {
  return kind === SERVER && parentSpanId === '';
}

function placeOf({ origin, attributes }: SpanRecord): string {
  return `${origin.pid} ${attributes.get('thread.id') ?? origin.attributes.get('thread.id') ?? ''}`;
}

function plain(attributes: Attributes): Record<string, unknown> {
  return Object.fromEntries(attributes);
}
