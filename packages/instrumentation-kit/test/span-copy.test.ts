import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import { type ReadableSpan, TracerProvider } from '@opentelemetry/sdk-trace';
import { copySpan } from '../src/span-copy.ts';

/** Whatever the SDK promises to exporters: the compiler tells when that becomes more. */
const FIELDS = {
  name: true,
  kind: true,
  spanContext: true,
  parentSpanContext: true,
  startTime: true,
  endTime: true,
  status: true,
  attributes: true,
  links: true,
  events: true,
  duration: true,
  ended: true,
  resource: true,
  instrumentationScope: true,
  droppedAttributesCount: true,
  droppedEventsCount: true,
  droppedLinksCount: true,
} as const satisfies Record<keyof ReadableSpan, true>;

const MARK = Symbol('mark');
const CONTEXT = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: TraceFlags.SAMPLED };

function endedSpan(): ReadableSpan {
  const provider = new TracerProvider({
    spanLimits: { attributeCountLimit: 1, eventCountLimit: 1, linkCountLimit: 1 },
  });
  const links = [{ context: CONTEXT }, { context: CONTEXT }];
  const options = { kind: SpanKind.SERVER, attributes: { a: 1 }, links };
  const parent = trace.setSpanContext(ROOT_CONTEXT, { ...CONTEXT, isRemote: true });
  const span = provider.getTracer('span-copy.test', '1.2.3').startSpan('GET /users/:id', options, parent);
  span
    .setAttribute('b', 2)
    .addEvent('first')
    .addEvent('second')
    .setStatus({ code: SpanStatusCode.ERROR, message: 'x' });
  span.end();
  return Object.assign(span, { [MARK]: 'kept' }) as unknown as ReadableSpan;
}

function read(span: object): Record<string, unknown> {
  const source = span as Record<string, unknown>;
  return Object.fromEntries(Object.keys(FIELDS).map((field) => [field, source[field]]));
}

test('exporters read of a copy what they read of the span, but for what was changed', () => {
  const span = endedSpan();
  const copy = copySpan(span, { attributes: { c: 3 } }) as ReadableSpan;
  expect(read(copy)).toEqual({ ...read(span), attributes: { c: 3 }, spanContext: expect.any(Function) });
  expect(copy.spanContext()).toEqual(span.spanContext());
  expect(span.attributes).not.toEqual({ c: 3 });
  const counts = [copy.droppedAttributesCount, copy.droppedEventsCount, copy.droppedLinksCount];
  expect(counts).toEqual([1, 1, 1]);
});

test('links and the context are changed where they are given', () => {
  const links = [{ context: CONTEXT }];
  const copy = copySpan(endedSpan(), { attributes: {}, links, spanContext: CONTEXT }) as ReadableSpan;
  expect(copy.links).toBe(links);
  expect(copy.spanContext()).toBe(CONTEXT);
});

test('the marks of other stages go with a copy', () => {
  expect(copySpan(endedSpan(), { attributes: {} })).toHaveProperty([MARK as never], 'kept');
});
