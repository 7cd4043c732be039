import { context, INVALID_SPAN_CONTEXT, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { eventStream, Severity } from '@sonde/event-stream';
import { activeContext, contextOf } from '../src/active-context.ts';

const tracer = new TracerProvider().getTracer('active_context.test');

beforeAll(() => context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
afterAll(() => context.disable());

test('without a span, or with an invalid one, there is no context', () => {
  expect(activeContext()).toBe(0);
  expect(contextOf(undefined)).toBe(0);
  expect(contextOf(trace.wrapSpanContext(INVALID_SPAN_CONTEXT))).toBe(0);
});

test('an event that is emitted with the active context carries the ids of the active span', () => {
  const span = tracer.startSpan('request');
  const event = eventStream().event({
    name: 'active_context.test',
    category: 'process',
    severity: Severity.INFO,
    description: 'A test.',
  });
  context.with(trace.setSpan(ROOT_CONTEXT, span), () => event.emit(1, 1, 1, activeContext()));
  const [record] = eventStream().query().where({ name: 'active_context.test' }).records();
  expect(record).toMatchObject({ traceId: span.spanContext().traceId, spanId: span.spanContext().spanId });
});

test('the id is made once a span and differs from span to span', () => {
  const first = tracer.startSpan('a');
  const second = tracer.startSpan('b');
  expect(contextOf(first)).toBeGreaterThan(0);
  expect(contextOf(first)).toBe(contextOf(first));
  expect(contextOf(second)).not.toBe(contextOf(first));
});

test('the active context is that of the span in each context, however often they alternate', () => {
  const contexts = ['a', 'b'].map((name) => trace.setSpan(ROOT_CONTEXT, tracer.startSpan(name)));
  const ids = contexts.map((one) => context.with(one, activeContext));
  expect(new Set(ids).size).toBe(2);
  for (let i = 0; i < 3; i++) expect(contexts.map((one) => context.with(one, activeContext))).toEqual(ids);
  const [first = ROOT_CONTEXT] = contexts;
  expect(context.with(trace.deleteSpan(first), activeContext)).toBe(0);
  expect(
    context.with(Object.freeze(trace.setSpan(ROOT_CONTEXT, tracer.startSpan('c'))), activeContext),
  ).toBeGreaterThan(0);
});

test('a frozen span works as well', () => {
  const span = Object.freeze(trace.wrapSpanContext(tracer.startSpan('frozen').spanContext()));
  expect(contextOf(span)).toBeGreaterThan(0);
});
