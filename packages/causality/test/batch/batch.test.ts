import { context, type Link, type SpanContext, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { createBatch, descendants, emitCausal, linkCauses } from '../../src/index.ts';
import { definitionOf, lastEvent } from '../fixtures/events.ts';
import { startTracing } from '../fixtures/tracing.ts';

const EVENT = definitionOf('test.batch.event');
const tracing = startTracing();
const tracer = trace.getTracer('batch.test');
afterEach(() => tracing.exporter.reset());
afterAll(() => tracing.stop());

const batchSpan = (): ReadableSpan => {
  const span = tracing.exporter.getFinishedSpans().find(({ name }) => name === 'batch');
  if (span === undefined) throw new Error('no batch was exported');
  return span;
};
const spanIdsOf = (links: readonly Link[]): string[] => links.map((link) => link.context.spanId);
const request = (work: () => void): string =>
  tracer.startActiveSpan('request', (span) => {
    work();
    span.end();
    return span.spanContext().spanId;
  });

test('the span of a run is the root of a trace of its own, with a link to everybody who asked', () => {
  const batch = createBatch<number>({ name: 'batch', kind: SpanKind.CONSUMER, attributes: { 'db.system': 'x' } });
  const asked = [1, 2, 3].map((item) => request(() => batch.add(item)));
  expect(batch.size).toBe(3);
  const items = tracer.startActiveSpan('timer', (timer) => {
    const worked = batch.run((given) => given);
    timer.end();
    return worked;
  });
  expect(items).toEqual([1, 2, 3]);
  expect(batch.size).toBe(0);
  const { links, parentSpanContext, kind, attributes } = batchSpan();
  expect(spanIdsOf(links)).toEqual(asked);
  expect(parentSpanContext).toBeUndefined();
  expect(kind).toBe(SpanKind.CONSUMER);
  expect(attributes).toMatchObject({ 'db.system': 'x', 'sonde.batch.causes': 3 });
});

test('one who asks twice is linked once, and work that nobody asked for has no links', () => {
  const batch = createBatch({ name: 'batch' });
  request(() => {
    batch.add('a');
    batch.add('b');
  });
  batch.add('c');
  batch.run((items) => expect(items).toEqual(['a', 'b', 'c']));
  expect(batchSpan().links).toHaveLength(1);
  expect(batchSpan().attributes['sonde.batch.causes']).toBe(1);
});

test('of more than 128 the first are linked and all are counted', () => {
  const batch = createBatch({ name: 'batch' });
  const asked = Array.from({ length: 200 }, (_, item) => request(() => batch.add(item)));
  batch.run((items) => expect(items).toHaveLength(200));
  expect(spanIdsOf(batchSpan().links)).toEqual(asked.slice(0, 128));
  expect(batchSpan().attributes['sonde.batch.causes']).toBe(200);
});

test('what is added during a run waits for the next', () => {
  const batch = createBatch<string>({ name: 'batch' });
  batch.add('first');
  batch.run(() => batch.add('second'));
  expect(batch.size).toBe(1);
  expect(batch.run((items) => items)).toEqual(['second']);
  expect(batch.run((items) => items)).toEqual([]);
});

test('the span is active in the work, also after await, and ends with it', async () => {
  const batch = createBatch({ name: 'batch' });
  const result = batch.run(async (_, span) => {
    await new Promise((resolve) => setImmediate(resolve));
    expect(trace.getSpan(context.active())).toBe(span);
    expect(tracing.exporter.getFinishedSpans()).toEqual([]);
    return 7;
  });
  expect(await result).toBe(7);
  expect(batchSpan().status.code).toBe(SpanStatusCode.UNSET);
});

test.each([
  ['throws', (error: unknown): never => raise(error)],
  ['rejects', (error: unknown): Promise<never> => Promise.reject(error)],
])('work that %s ends the span with its error, and the caller gets the error', async (_how, work) => {
  const batch = createBatch({ name: 'batch' });
  const error = new Error('mine');
  await expect((async () => batch.run(() => work(error)))()).rejects.toBe(error);
  expect(batchSpan().status.code).toBe(SpanStatusCode.ERROR);
  expect(batchSpan().events[0]?.attributes).toMatchObject({ 'exception.message': 'mine' });
});

function raise(error: unknown): never {
  throw error;
}

test('a result that only looks like a promise is not asked', () => {
  const then = jest.fn();
  const query = Object.defineProperty({}, 'then', { value: then });
  expect(createBatch({ name: 'batch' }).run(() => query)).toBe(query);
  expect(then).not.toHaveBeenCalled();
  expect(batchSpan().ended).toBe(true);
});

test('what happens in a batch follows from every request that asked for it', () => {
  const batch = createBatch({ name: 'batch' });
  const asked = [1, 2].map((item) => request(() => batch.add(item)));
  batch.run(() => emitCausal(EVENT));
  const event = lastEvent(EVENT.name);
  for (const spanId of asked) expect(descendants(spanId)).toContainEqual(event);
  expect(descendants(request(() => {}))).not.toContainEqual(event);
});

test('links to causes leave out what is invalid and what repeats, and are at most 128', () => {
  const contextOf = (i: number): SpanContext => ({
    traceId: 'a'.repeat(32),
    spanId: String(i + 1).padStart(16, '0'),
    traceFlags: TraceFlags.SAMPLED,
  });
  const invalid = { traceId: 'x', spanId: 'y', traceFlags: 0 };
  expect(linkCauses([contextOf(0), undefined, invalid, contextOf(0), contextOf(1)])).toEqual([
    { context: contextOf(0) },
    { context: contextOf(1) },
  ]);
  expect(linkCauses(Array.from({ length: 1000 }, (_, i) => contextOf(i)))).toHaveLength(128);
  expect(() => linkCauses(undefined as never)).toThrow(
    new TypeError('linkCauses: spanContexts must be iterable, such as an array, got undefined'),
  );
});

test.each([
  [{}, 'createBatch: name must be a string that is not empty, got undefined'],
  [{ name: '' }, "createBatch: name must be a string that is not empty, got ''"],
  [{ name: 'x', kind: 'CONSUMER' }, "createBatch: kind must be a SpanKind, got 'CONSUMER'"],
  [{ name: 'x', kind: 99 }, 'createBatch: kind must be a SpanKind, got 99'],
  [{ name: 'x', attributes: 5 }, 'createBatch: attributes must be an object, got 5'],
  [{ name: 'x', tracer: {} }, 'createBatch: tracer must be a Tracer, got {}'],
  [{ name: 'x', nmae: 'y' }, 'createBatch: "nmae" is not an option; there are name, kind, attributes, tracer'],
  [undefined, 'createBatch: the options must be an object, got undefined'],
])('the options %p are refused', (config, message) => {
  expect(() => createBatch(config as never)).toThrow(message);
});
