import { ROOT_CONTEXT, SpanKind, type TraceState, trace } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { criticalPath } from '../../src/critical-path/critical-path.ts';
import type { SdkTraceSpan } from '../../src/critical-path/types.ts';
import { toChromeTrace } from '../../src/trace-export/chrome-trace.ts';
import { EPOCH_SECONDS, TRACE_ID } from './spans.ts';

const EPOCH_MS = EPOCH_SECONDS * 1000;

test('spans of the SDK are read as they are: parents, links, events, status, resource', () => {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
    resource: resourceFromAttributes({ 'service.name': 'shop', 'process.pid': 41, 'host.name': 'here' }),
  });
  const tracer = provider.getTracer('test');
  const root = tracer.startSpan('root', { startTime: EPOCH_MS, kind: SpanKind.SERVER, root: true });
  const child = (name: string, startMs: number, links: { context: ReturnType<typeof root.spanContext> }[] = []) =>
    tracer.startSpan(name, { startTime: EPOCH_MS + startMs, links }, trace.setSpan(ROOT_CONTEXT, root));
  const produce = child('produce', 10);
  produce.end(EPOCH_MS + 40);
  const batch = child('batch', 50, [{ context: produce.spanContext() }]);
  batch.addEvent('retry', EPOCH_MS + 60);
  batch.setStatus({ code: 2 });
  const open = child('open', 55);
  batch.end(EPOCH_MS + 90);
  root.end(EPOCH_MS + 100);
  const spans: SdkTraceSpan[] = [...exporter.getFinishedSpans(), open as never];
  const path = criticalPath(spans);
  expect(path.segments.map(({ span, selfMs }) => [span.name, selfMs])).toEqual([
    ['root', 10],
    ['produce', 30],
    ['root', 10],
    ['batch', 40],
    ['root', 10],
  ]);
  expect(path.notes.unreadable).toBe(1);
  expect(path.tree.map(({ process, isError }) => [process, isError])).toEqual([
    ['shop 41', false],
    ['shop 41', false],
    ['shop 41', true],
  ]);
  const { traceEvents } = toChromeTrace(exporter.getFinishedSpans());
  expect(traceEvents.filter(({ ph }) => ph !== 'M' && ph !== 'X').map(({ ph, name }) => [ph, name])).toEqual([
    ['s', 'link'],
    ['f', 'link'],
    ['i', 'retry'],
  ]);
});

test('a span of SDK 2.12 has the same shape', () => {
  const context = (spanId: string) => ({
    traceId: TRACE_ID,
    spanId,
    traceFlags: 1,
    traceState: undefined as unknown as TraceState,
  });
  const span = (spanId: string, parent: string | undefined, [start, end]: [number, number]): SdkTraceSpan => ({
    name: spanId,
    kind: SpanKind.INTERNAL,
    spanContext: () => context(spanId),
    ...(parent === undefined ? {} : { parentSpanContext: context(parent) }),
    startTime: [EPOCH_SECONDS, start * 1e6],
    endTime: [EPOCH_SECONDS, end * 1e6],
    status: { code: 0 },
    attributes: {},
    links: [],
    events: [],
    resource: { attributes: {} },
  });
  const { segments } = criticalPath([span('a', undefined, [0, 10]), span('b', 'a', [2, 8])]);
  expect(segments.map(({ span: { name }, selfMs }) => [name, selfMs])).toEqual([
    ['a', 2],
    ['b', 6],
    ['a', 2],
  ]);
});
