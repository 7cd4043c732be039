import { diag, ROOT_CONTEXT, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import { droppedCounts } from '@sonde/instrumentation-kit';
import { AdaptiveSampler, keepTrace, TailSamplingSpanProcessor } from '../../src/index.ts';
import { application, Collector, probabilityOfSpan, traceIdAt } from './application.ts';

beforeAll(() => diag.disable());

const dropped = (key: string): number => droppedCounts().get(key) ?? 0;

function throwing(): never {
  throw new Error('hostile');
}

test.each([
  ['undefined', undefined],
  ['null', null],
  ['a string', 'x'],
  ['an empty object', {}],
  ['a frozen one', Object.freeze({})],
  ['one whose spanContext throws', { spanContext: throwing }],
  ['one whose context is nothing', { spanContext: (): undefined => undefined }],
])('a span that is %s reaches nobody and breaks nothing', (_, span) => {
  const app = application();
  expect(() => {
    app.tail.onStart(span as never, ROOT_CONTEXT);
    app.tail.onEnding(span as never);
    app.tail.onEnd(span as never);
  }).not.toThrow();
  app.request('x', { part: 0.5, isError: true });
  expect(app.collector.names).toContain('x');
});

test('spans without attributes, status, name, events or duration are held and handed over like any other', () => {
  const { collector, sampler } = application();
  const tail = new TailSamplingSpanProcessor({ sampler, next: collector });
  const spanContext = { traceId: `${'1'.repeat(18)}ffffffffffffff`, spanId: '2'.repeat(16), traceFlags: 1 };
  const bare = { spanContext: () => spanContext };
  tail.onStart(bare as never, ROOT_CONTEXT);
  tail.onEnd(bare);
  expect(collector.spans).toEqual([bare]);
});

test('a span whose attributes throw is kept if the sampler kept it, and so are those beside it', () => {
  const app = application();
  const span = app.begin('x', 0.999);
  const broken = app.below(span, 'broken');
  Object.defineProperty(broken, 'attributes', { get: throwing });
  broken.end();
  span.end();
  expect(app.collector.names).toEqual(['broken', 'x']);
  const failed = app.begin('y', 0.5).setStatus({ code: SpanStatusCode.ERROR });
  const lost = app.below(failed, 'lost');
  Object.defineProperty(lost, 'attributes', { get: throwing });
  lost.end();
  failed.end();
  expect(app.collector.names).toEqual(['broken', 'x', 'y']);
  expect(dropped('sampling.tail.next')).toBeGreaterThan(0);
});

test('a frozen span belongs to its trace by the id of it', () => {
  const { sampler } = application();
  const collector = new Collector();
  const tail = new TailSamplingSpanProcessor({ sampler, next: collector });
  const traceId = `${'1'.repeat(18)}80000000000000`;
  const span = (spanId: string, more: object): object =>
    Object.freeze({ name: spanId, spanContext: () => ({ traceId, spanId, traceFlags: 0 }), ...more });
  sampler.shouldSample(ROOT_CONTEXT, traceId, 'x', 0, {});
  const root = span('root', { status: { code: SpanStatusCode.ERROR } });
  const child = span('child', { parentSpanContext: { traceId } });
  tail.onStart(root as never, ROOT_CONTEXT);
  tail.onStart(child as never, trace.setSpan(ROOT_CONTEXT, root as Span));
  tail.onEnd(child);
  tail.onEnd(root);
  expect(collector.names).toEqual(['child', 'root']);
});

test('a next that throws everywhere is told of every span all the same', async () => {
  let calls = 0;
  const next = {
    onStart: throwing,
    onEnding: throwing,
    onEnd: () => {
      calls += 1;
      throwing();
    },
    forceFlush: throwing,
    shutdown: throwing,
  };
  const app = application({ next });
  app.request('x', { part: 0.999, children: ['a', 'b'] });
  app.request('y', { part: 0.5, isError: true, children: ['a'] });
  expect(calls).toBe(5);
  await expect(app.tail.forceFlush()).rejects.toThrow('hostile');
  await expect(app.tail.shutdown()).rejects.toThrow('hostile');
});

test('a next that begins spans of its own gets them', () => {
  const collector = new Collector();
  let depth = 0;
  const app = application({
    next: Object.assign(Object.create(collector), {
      onEnd: (span: object) => {
        collector.onEnd(span);
        if (depth++ < 3) app.begin('inner', 0.999).end();
      },
    }) as Collector,
  });
  app.request('x', { part: 0.999 });
  expect(collector.names).toEqual(['x', 'inner', 'inner', 'inner']);
});

test('a clock that goes back an hour holds nothing longer', () => {
  const app = application();
  const span = app.begin('x', 0.999);
  app.below(span, 'child').end();
  app.pass(15_000);
  app.clock.ms -= 3_600_000;
  app.pass(10_000);
  expect(app.collector.names).toEqual([]);
  app.pass(7000);
  expect(app.collector.names).toEqual(['child']);
});

test('a clock that stalls for 30 s ends what is held then', () => {
  const app = application();
  const span = app.begin('x', 0.999);
  app.below(span, 'child').end();
  app.clock.ms += 30_000;
  app.pass(1000);
  expect(app.collector.names).toEqual(['child']);
});

test('a clock that throws or says nonsense costs no trace', () => {
  const { sampler } = application();
  const collector = new Collector();
  const now = jest.fn<number, []>().mockReturnValueOnce(5).mockReturnValueOnce(Number.NaN).mockImplementation(throwing);
  const tail = new TailSamplingSpanProcessor({ sampler, next: collector }, { now, every: () => () => {} });
  const spanContext = { traceId: `${'1'.repeat(18)}ffffffffffffff`, spanId: '2'.repeat(16), traceFlags: 1 };
  const span = { name: 'x', spanContext: () => spanContext };
  tail.onStart(span as never, ROOT_CONTEXT);
  tail.onEnd(span);
  expect(collector.names).toEqual(['x']);
});

test('a key function that throws, and names of any kind, are keys all the same', () => {
  const app = application({
    sampler: { rules: [{ keep: { probability: 0.01 } }], key: throwing },
    tail: { tracesPerSecond: 1000 },
  });
  for (const name of ['__proto__', 'constructor', 'lone \uD800', 'a\u0000b', 'x'.repeat(100_000), '']) {
    app.request(name, { part: 0.5, isError: true });
  }
  expect(app.collector.spans).toHaveLength(6);
  for (const { attributes } of app.collector.spans) {
    const key = attributes['sonde.sampling.key'] as string;
    expect(key).not.toMatch(/\p{Cc}|\p{Cs}/u);
    expect(key.length).toBeLessThan(600);
  }
});

test('floods of keys and shapes that come once cost neither memory nor the budget', () => {
  const app = application({ tail: { tracesPerSecond: 5, minCount: 10 } });
  for (let i = 0; i < 10_000; i += 1) {
    app.pass(1);
    app.request(`operation ${i}`, { part: (i * 0.618034) % 1, isError: i % 2 === 0, children: [`child ${i}`] });
  }
  const roots = app.collector.spans.filter(({ name }) => name.startsWith('operation'));
  const promoted = roots.filter((span) => span.attributes['sonde.sampling.reason'] !== undefined);
  expect(promoted.length / 10).toBeLessThan(15);
  const estimated = promoted.reduce((sum, span) => sum + 1 / probabilityOfSpan(span), 0);
  expect(estimated / 5000).toBeCloseTo(1, 0);
  expect(app.tail.describe().keys.length).toBeLessThanOrEqual(1024 + 32);
});

test('two tail processors of one sampler hand on what each holds', () => {
  const app = application();
  const second = new Collector();
  const other = new TailSamplingSpanProcessor({ sampler: app.sampler, next: second }, { every: () => () => {} });
  const span = app.begin('x', 0.999);
  other.onStart(span as never, ROOT_CONTEXT);
  const child = app.below(span, 'child');
  other.onStart(child as never, trace.setSpan(ROOT_CONTEXT, span));
  for (const each of [child, span]) {
    each.end();
    other.onEnd(each);
  }
  expect([app.collector.names, second.names]).toEqual([
    ['child', 'x'],
    ['child', 'x'],
  ]);
});

test('keepTrace never throws', () => {
  const hostile = trace.setSpan(ROOT_CONTEXT, new Proxy({}, { get: throwing }) as Span);
  expect(keepTrace(hostile)).toBe(false);
  expect(new AdaptiveSampler().recordFraction).toBe(0);
});

test('what the sampler kept is not lost to a dropped trace of the same id, even if nothing can be noted on its spans', () => {
  const app = application();
  app.begin('dropped', 0.5).end();
  const spanContext = { traceId: traceIdAt(0.5), spanId: '2'.repeat(16), traceFlags: 1 };
  const kept = Object.freeze({ name: 'kept', spanContext: () => spanContext, parentSpanContext: spanContext });
  app.tail.onEnd(kept);
  app.tail.onStart(kept as never, ROOT_CONTEXT);
  app.tail.onEnd(kept);
  const open = app.begin('open', 0.5);
  app.tail.onEnd(kept);
  open.end();
  expect(app.collector.names).toEqual(['kept', 'kept', 'kept']);
});

test('a next that flushes while it is handed a trace gets nothing twice', () => {
  const collector = new Collector();
  const flushing = Object.assign(Object.create(collector), {
    onEnd: (span: object) => {
      collector.onEnd(span);
      void app.tail.forceFlush();
    },
  }) as Collector;
  const app = application({ next: flushing });
  for (const name of ['a', 'b', 'c']) app.below(app.begin(name, 0.999), `child of ${name}`).end();
  void app.tail.forceFlush();
  expect(collector.names.toSorted()).toEqual(['child of a', 'child of b', 'child of c']);
  expect(app.tail.describe().traces.normal).toEqual({ kept: 3, dropped: 0 });
});
