import { SpanKind } from '@opentelemetry/api';
import type { PlainTraceSpan } from '../../src/critical-path/types.ts';

export const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
/** Epoch of all test spans: a time of the present, so that precision is that of real ones. */
export const EPOCH_SECONDS = 1_790_000_000;

export interface SpanOptions extends Partial<Omit<PlainTraceSpan, 'links'>> {
  readonly pid?: number;
  readonly thread?: number;
  readonly links?: readonly string[];
}

/** A span from `startMs` to `endMs` after the epoch of the tests, named as its id. */
export function span(
  spanId: string,
  parentSpanId: string,
  times: [number, number],
  options: SpanOptions = {},
): PlainTraceSpan {
  const { pid = 1, thread, links = [], attributes, ...rest } = options;
  return {
    traceId: TRACE_ID,
    spanId,
    parentSpanId,
    name: spanId,
    kind: SpanKind.INTERNAL,
    start: at(times[0]),
    end: at(times[1]),
    attributes: { ...attributes, ...(thread === undefined ? {} : { 'thread.id': thread }) },
    resource: { attributes: { 'service.name': `service-${pid}`, 'process.pid': pid, 'host.name': 'host' } },
    links: links.map((id) => ({ context: { traceId: TRACE_ID, spanId: id } })),
    ...rest,
  };
}

export function at(ms: number): [number, number] {
  const nanos = Math.round(ms * 1e6);
  const seconds = Math.floor(nanos / 1e9);
  return [EPOCH_SECONDS + seconds, nanos - seconds * 1e9];
}
