import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { type EventRecord, eventStream, type Subscription } from '@sonde/event-stream';
import { contextOf, droppedCounts } from '@sonde/instrumentation-kit';
import { SpanEventProcessor } from '../src/span-event-processor.ts';

let subscription: Subscription;
let processor: SpanEventProcessor;
let exporter: InMemorySpanExporter;
let provider: TracerProvider;

beforeEach(() => {
  subscription = eventStream().subscribe();
  processor = new SpanEventProcessor();
  exporter = new InMemorySpanExporter();
  provider = new TracerProvider({ spanProcessors: [processor, new SimpleSpanProcessor({ exporter })] });
});

afterEach(async () => {
  subscription.close();
  await provider.shutdown();
});

function events(): EventRecord[] {
  return subscription.read();
}

test('an ended span is an event with its duration, name, kind and trace', () => {
  const tracer = provider.getTracer('test');
  const span = tracer.startSpan('GET /users/:id', { kind: SpanKind.SERVER, startTime: [1000, 500_000_000] });
  expect(events()).toEqual([]);
  const before = Date.now() - 50;
  span.end([1002, 250_000_000]);
  const { traceId, spanId } = span.spanContext();
  const [event, ...others] = events();
  expect(others).toEqual([]);
  expect(event).toMatchObject({
    name: 'sonde.span',
    category: 'process',
    severity: 9,
    value: 1.75,
    labels: { 'sonde.span.name': 'GET /users/:id', 'sonde.span.kind': 'server' },
    traceId,
    spanId,
  });
  expect(event?.time).toBeGreaterThan(before);
});

test('the severity tells a failed span, and a name may do both', () => {
  const tracer = provider.getTracer('test');
  for (const code of [SpanStatusCode.UNSET, SpanStatusCode.ERROR, SpanStatusCode.OK]) {
    const span = tracer.startSpan('work');
    span.setStatus({ code });
    span.end();
  }
  expect(events().map(({ severity }) => severity)).toEqual([9, 17, 9]);
});

test('a span that emitted events of its own has one trace context for all of them', () => {
  const span = provider.getTracer('test').startSpan('work');
  const context = contextOf(span);
  span.end();
  expect(contextOf(span)).toBe(context);
  expect(events()[0]?.spanId).toBe(span.spanContext().spanId);
});

test('spans are exported as they are without it', () => {
  const span = provider.getTracer('test').startSpan('work', { attributes: { a: 1 } });
  span.end();
  expect(exporter.getFinishedSpans()).toHaveLength(1);
  expect(exporter.getFinishedSpans()[0]).toMatchObject({ name: 'work', attributes: { a: 1 } });
});

test('names beyond the first thousand share one label, known ones keep theirs', () => {
  const tracer = provider.getTracer('test');
  for (let n = 0; n < 1500; n += 1) tracer.startSpan(`name ${n}`, { kind: SpanKind.CLIENT }).end();
  tracer.startSpan('name 7').end();
  const names: (string | undefined)[] = [];
  for (let batch = events(); batch.length > 0; batch = events()) {
    names.push(...batch.map(({ labels }) => labels['sonde.span.name']));
  }
  expect(names).toHaveLength(1501);
  expect(new Set(names).size).toBe(1001);
  expect(names.filter((name) => name === '_OTHER')).toHaveLength(500);
  expect(names.at(-1)).toBe('name 7');
});

test.each(['__proto__', 'constructor', '', 'a\u0000b\ud800', 'x'.repeat(100_000)])(
  'a span with a hostile name (case %#) harms nobody',
  (name) => {
    expect(() => provider.getTracer('test').startSpan(name).end()).not.toThrow();
    expect(events()).toHaveLength(1);
  },
);

test('a span of a foreign implementation that makes no sense is counted and harms nobody', () => {
  const before = droppedCounts().get('event-bridge.span') ?? 0;
  expect(() => processor.onEnd({ name: 'odd' } as never)).not.toThrow();
  expect(() => processor.onEnd(undefined as never)).not.toThrow();
  expect(droppedCounts().get('event-bridge.span')).toBe(before + 2);
});

test('after shutdown it is silent', async () => {
  await provider.forceFlush();
  await processor.shutdown();
  provider.getTracer('test').startSpan('late').end();
  expect(events()).toEqual([]);
});
