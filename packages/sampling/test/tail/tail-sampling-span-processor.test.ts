import { context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BatchSpanProcessor, InMemorySpanExporter, type SpanProcessor } from '@opentelemetry/sdk-trace';
import { AdaptiveSampler, ANOMALY_ATTRIBUTE, keepTrace, TailSamplingSpanProcessor } from '../../src/index.ts';
import { thresholdState } from '../../src/ot-member.ts';
import { application, probabilityOfSpan, traceIdAt } from './application.ts';

beforeAll(() => context.setGlobalContextManager(new AsyncLocalStorageContextManager()));
afterAll(() => context.disable());

const KEPT = 0.999;
const RECORDED = 0.5;

describe('what is kept', () => {
  test('a normal trace that the sampler drops is dropped, one that it keeps goes on untouched', () => {
    const app = application();
    app.request('dropped', { part: RECORDED, children: ['child'] });
    app.request('kept', { part: KEPT, children: ['child'] });
    expect(app.collector.names).toEqual(['child', 'kept']);
    for (const span of app.collector.spans) {
      expect(probabilityOfSpan(span)).toBeCloseTo(0.01, 4);
      expect(span.attributes).toEqual({});
    }
    expect(app.tail.describe().traces.normal).toEqual({ kept: 1, dropped: 1 });
  });

  test('a failed trace is kept whole, with reason, key and the probability of its class', () => {
    const app = application();
    app.request('GET', {
      part: RECORDED,
      isError: true,
      children: ['query'],
      attributes: { 'http.request.method': 'GET', 'url.path': '/people/7', 'http.route': '/people/:id' },
    });
    expect(app.collector.names).toEqual(['query', 'GET']);
    for (const span of app.collector.spans) {
      expect(span.spanContext().traceFlags & TraceFlags.SAMPLED).toBe(TraceFlags.SAMPLED);
      expect(span.spanContext().traceState?.get('ot')).toBe('th:0');
      expect(span.attributes).toMatchObject({
        'sonde.sampling.reason': 'error',
        'sonde.sampling.key': 'GET /people/:id',
      });
      expect(span.resource).toBeDefined();
      expect(span.duration).toHaveLength(2);
    }
  });

  test('a trace is decided when its root ends, also if a stage before hands on a copy of it, with marks', () => {
    const app = application();
    const copies = app.collector;
    const span = app.begin('copied', RECORDED);
    span.setStatus({ code: SpanStatusCode.ERROR });
    const { onEnd } = app.tail;
    Object.assign(app.tail, { onEnd: () => undefined });
    span.end();
    const copy: Record<PropertyKey, unknown> = { ...span, duration: [0, 5], spanContext: () => span.spanContext() };
    onEnd(copy);
    expect(copies.names).toEqual(['copied']);
    expect(app.tail.describe().held.traces).toBe(0);
  });

  test('one that the sampler kept too says the same threshold as one that it dropped', () => {
    const app = application();
    app.request('x', { part: KEPT, isError: true, children: ['child'] });
    app.request('x', { part: RECORDED, isError: true, children: ['child'] });
    expect(new Set(app.collector.spans.map(probabilityOfSpan))).toEqual(new Set([1]));
    expect(app.collector.spans).toHaveLength(4);
  });

  test('no threshold is raised: what the sampler keeps whole stays so when its class is thinned', () => {
    const app = application({
      sampler: { rules: [{ route: 'whole', keep: 'always' }] },
      tail: { tracesPerSecond: 0.001 },
    });
    for (let i = 0; i < 5000; i += 1) {
      app.pass(10);
      app.request('whole', { part: (i * 0.618) % 1, isError: true });
    }
    expect(app.collector.spans).toHaveLength(5000);
    expect(new Set(app.collector.spans.map(probabilityOfSpan))).toEqual(new Set([1]));
  });

  test('of an error storm so many are kept as the budget says, with thresholds that add up', () => {
    const app = application({ tail: { tracesPerSecond: 5 } });
    for (let i = 0; i < 12_000; i += 1) {
      app.pass(5);
      app.request('x', { part: (i * 0.6180339887498949) % 1, isError: true });
    }
    const estimated = app.collector.spans.reduce((sum, span) => sum + 1 / probabilityOfSpan(span), 0);
    expect(estimated / 12_000).toBeCloseTo(1, 1);
    expect(app.collector.spans.length / 60).toBeGreaterThan(4);
    expect(app.collector.spans.length / 60).toBeLessThan(8);
  });

  test('with half of the traces recorded, the threshold is never below that of recording', () => {
    const app = application();
    app.sampler.recordFraction = 0.5;
    app.request('lost', { part: 0.4, isError: true });
    app.request('found', { part: 0.6, isError: true });
    app.request('kept anyway', { part: KEPT, isError: true });
    expect(app.collector.spans.map((span) => [span.name, probabilityOfSpan(span)])).toEqual([
      ['found', 0.5],
      ['kept anyway', 0.5],
    ]);
  });

  test('an anomaly flag on any span is a reason', () => {
    const app = application();
    const span = app.begin('x', RECORDED);
    app.below(span, 'odd').setAttribute(ANOMALY_ATTRIBUTE, 4.2).end();
    span.end();
    app.request('not odd', { part: RECORDED, attributes: { [ANOMALY_ATTRIBUTE]: 0 } });
    expect(app.collector.spans.map(({ name, attributes }) => [name, attributes['sonde.sampling.reason']])).toEqual([
      ['odd', 'anomaly'],
      ['x', 'anomaly'],
    ]);
  });

  test('what is slower than the 99th percentile of the key before is slow; never below the floor or the count', () => {
    const app = application({ tail: { minCount: 100, slowFloorMs: 50 } });
    const run = (durationMs: number): number => {
      app.collector.spans.length = 0;
      app.request('x', { part: RECORDED, durationMs });
      return app.collector.spans.length;
    };
    expect(run(900)).toBe(0);
    for (let i = 0; i < 300; i += 1) app.request('x', { part: RECORDED, durationMs: 10 + (i % 100) * 2 });
    expect(run(900)).toBe(0);
    app.pass(1000);
    expect([run(900), run(190), run(40)]).toEqual([1, 0, 0]);
    app.request('another key', { part: RECORDED, durationMs: 900 });
    expect(app.collector.names).toEqual([]);
  });

  test('a set of operations that its key seldom has is rare, unless all of them are', () => {
    const app = application({ tail: { minCount: 100 } });
    for (let i = 0; i < 300; i += 1) {
      app.request('steady', { part: RECORDED, children: i % 2 === 0 ? ['a', 'b'] : ['b', 'a', 'a'] });
      app.request('wild', { part: RECORDED, children: [`unique ${i}`] });
    }
    app.collector.spans.length = 0;
    for (let i = 0; i < 10; i += 1) app.request('steady', { part: RECORDED, children: ['a', 'b'] });
    expect(app.collector.names).toEqual([]);
    app.request('steady', { part: RECORDED, children: ['a', 'fallback'] });
    expect(app.collector.names).toEqual(['a', 'fallback', 'steady']);
    app.collector.spans.length = 0;
    for (let i = 0; i < 50; i += 1) app.request('wild', { part: RECORDED, children: [`novel ${i}`] });
    expect(app.collector.names).toEqual([]);
  });

  test('only reasons that are asked for count', () => {
    const app = application({ tail: { reasons: ['slow'] } });
    app.request('x', { part: RECORDED, isError: true });
    expect(app.collector.spans).toEqual([]);
  });
});

describe('keepTrace', () => {
  test('works from anywhere inside the trace, and is thinned as any reason is', () => {
    const app = application();
    const span = app.begin('x', RECORDED);
    const inside = trace.setSpan(ROOT_CONTEXT, app.below(span, 'child'));
    expect(context.with(inside, () => keepTrace())).toBe(true);
    (trace.getSpan(inside) as Span).end();
    span.end();
    expect(app.collector.spans.map(({ attributes }) => attributes['sonde.sampling.reason'])).toEqual([
      'explicit',
      'explicit',
    ]);
    expect(probabilityOfSpan(app.collector.spans[0] as never)).toBe(1);
  });

  test('says when it is too late, or not possible', () => {
    const app = application();
    const span = app.begin('x', RECORDED);
    span.end();
    expect(keepTrace(trace.setSpan(ROOT_CONTEXT, span))).toBe(false);
    expect(keepTrace()).toBe(false);
    expect(keepTrace({} as never)).toBe(false);
    app.sampler.recordFraction = 0;
    expect(keepTrace(trace.setSpan(ROOT_CONTEXT, app.begin('y', RECORDED)))).toBe(false);
  });
});

describe('when it is decided', () => {
  test('when the local root and all open children have ended', () => {
    const app = application();
    const span = app.begin('x', RECORDED);
    const child = app.below(span, 'child');
    span.end();
    expect(app.tail.describe().held).toMatchObject({ traces: 1, spans: 1 });
    child.setStatus({ code: SpanStatusCode.ERROR }).end();
    expect(app.collector.names).toEqual(['x', 'child']);
    expect(app.tail.describe().held).toEqual({ traces: 0, spans: 0, bytes: 0 });
  });

  test('a second after the local root at the latest; what ends later gets the decision of its trace', () => {
    const app = application();
    for (const [name, part] of [
      ['dropped', RECORDED],
      ['kept', KEPT],
    ] as const) {
      const span = app.begin(name, part);
      const child = app.below(span, `child of ${name}`);
      span.end();
      app.pass(2000);
      app.below(child, 'starts late').end();
      child.setStatus({ code: SpanStatusCode.ERROR }).end();
    }
    expect(app.collector.names).toEqual(['kept', 'starts late', 'child of kept']);
    // Below a trace that is dropped for good, nothing is recorded any more.
    expect(app.tail.describe().late).toEqual({ kept: 2, dropped: 1 });
  });

  test('a late span of a promoted trace says what the others say', () => {
    const app = application();
    const span = app.begin('x', RECORDED).setStatus({ code: SpanStatusCode.ERROR });
    const child = app.below(span, 'child');
    span.end();
    app.pass(2000);
    child.end();
    expect(app.collector.spans.map((kept) => [kept.name, probabilityOfSpan(kept), kept.attributes])).toEqual([
      ['x', 1, { 'sonde.sampling.reason': 'error', 'sonde.sampling.key': 'x' }],
      ['child', 1, { 'sonde.sampling.reason': 'error', 'sonde.sampling.key': 'x' }],
    ]);
  });

  test('after 30 s without an end, by what is known', () => {
    const app = application();
    const span = app.begin('x', RECORDED);
    app.below(span, 'failed').setStatus({ code: SpanStatusCode.ERROR }).end();
    app.pass(29_000);
    expect(app.collector.names).toEqual([]);
    app.pass(2000);
    expect(app.collector.names).toEqual(['failed']);
    span.end();
    expect(app.collector.names).toEqual(['failed', 'x']);
  });

  test('at 512 spans', () => {
    const app = application();
    const span = app.begin('x', KEPT);
    for (let i = 0; i < 512; i += 1) app.below(span, 'child').end();
    expect(app.collector.spans).toHaveLength(512);
    span.end();
    expect(app.collector.spans).toHaveLength(513);
  });

  test('two requests of one trace in one process are decided apart', () => {
    const app = application();
    const first = app.begin('first', RECORDED);
    const second = app.begin('second', RECORDED);
    expect(first.spanContext().traceId).toBe(second.spanContext().traceId);
    const child = app.below(first, 'child of first');
    app.below(second, 'child of second').setStatus({ code: SpanStatusCode.ERROR }).end();
    second.end();
    expect(app.collector.names).toEqual(['child of second', 'second']);
    child.end();
    first.end();
    expect(app.collector.names).toHaveLength(2);
  });
});

describe('bounds', () => {
  test('beyond the byte budget the oldest go, kept at the threshold of the head if it had kept them', () => {
    const app = application({ tail: { maxBytes: 10_000 } });
    for (let i = 0; i < 100; i += 1) {
      const span = app.begin(`open ${i}`, i % 2 === 0 ? RECORDED : KEPT);
      app.below(span, `child ${i}`).setStatus({ code: SpanStatusCode.ERROR }).end();
      expect(app.tail.describe().held.bytes).toBeLessThanOrEqual(10_000);
    }
    expect(app.tail.describe().evicted.kept).toBeGreaterThan(40);
    expect(app.collector.names.slice(0, 2)).toEqual(['child 1', 'child 3']);
    for (const span of app.collector.spans) expect(probabilityOfSpan(span)).toBeCloseTo(0.01, 4);
  });

  test('large attributes count', () => {
    const app = application({ tail: { maxBytes: 100_000 } });
    const span = app.begin('x', KEPT);
    app.below(span, 'large').setAttribute('text', 'x'.repeat(200_000)).end();
    expect([app.collector.names, app.tail.describe().evicted]).toEqual([['large'], { kept: 1, dropped: 0 }]);
  });
});

test('forceFlush and shutdown hand over what is held before they return, and pass it on', async () => {
  const app = application();
  const span = app.begin('x', KEPT);
  app.below(span, 'child').end();
  const flushed = app.tail.forceFlush();
  expect(app.collector.names).toEqual(['child']);
  await flushed;
  app.below(span, 'another').end();
  const open = app.begin('y', RECORDED);
  app.below(open, 'failed').setStatus({ code: SpanStatusCode.ERROR }).end();
  const over = app.tail.shutdown();
  expect(app.collector.names).toEqual(['child', 'another', 'failed']);
  await over;
  await app.tail.shutdown();
  span.end();
  expect(app.collector.names).toEqual(['child', 'another', 'failed', 'x']);
  expect([app.collector.flushes, app.collector.shutdowns, app.timers]).toEqual([1, 1, 1]);
  expect(app.sampler.recordFraction).toBe(0);
  expect(app.begin('z', RECORDED).isRecording()).toBe(false);
});

test('the batch processor of the SDK exports promoted spans', async () => {
  const exporter = new InMemorySpanExporter();
  const app = application({ next: new BatchSpanProcessor({ exporter }) });
  app.request('failed', { part: RECORDED, isError: true, children: ['child'] });
  app.request('fine', { part: RECORDED });
  await app.provider.forceFlush();
  expect(exporter.getFinishedSpans().map(({ name, status }) => [name, status.code])).toEqual([
    ['child', 0],
    ['failed', 2],
  ]);
  await app.provider.shutdown();
});

test('traces that another sampler decided are passed on as that one decided', () => {
  const app = application();
  const { collector: next } = application();
  const other = new AdaptiveSampler();
  const tail: SpanProcessor = new TailSamplingSpanProcessor({ sampler: other, next });
  for (const isSampled of [true, false]) {
    const span = app.begin(String(isSampled), isSampled ? KEPT : RECORDED).setStatus({ code: SpanStatusCode.ERROR });
    tail.onStart(span as never, ROOT_CONTEXT);
    span.end();
    tail.onEnd(span as never);
  }
  expect(next.names).toEqual(['true']);
  other.shutdown();
});

test.each([
  [{ next: {} }, /next must be a SpanProcessor/],
  [{ sampler: {} }, /sampler must be an AdaptiveSampler/],
  [{ tracesPerSecond: 0 }, /tracesPerSecond must be a number above 0/],
  [{ tracesPerSecond: Number.NaN }, /got NaN/],
  [{ maxSpans: 0 }, /maxSpans must be a number from 1/],
  [{ maxBytes: 9999 }, /maxBytes/],
  [{ maxWaitMs: Number.POSITIVE_INFINITY }, /maxWaitMs/],
  [{ childWaitMs: -1 }, /childWaitMs/],
  [{ slowFloorMs: 0 }, /slowFloorMs/],
  [{ minCount: 9 }, /minCount/],
  [{ reasons: ['luck'] }, /reasons must be a list of explicit, error/],
  [{ mxSpans: 1 }, /"mxSpans" is not an option/],
])('%j is refused in one sentence', (wrong, message) => {
  const { collector } = application();
  const config = { next: collector, sampler: new AdaptiveSampler(), ...wrong } as never;
  expect(() => new TailSamplingSpanProcessor(config)).toThrow(message);
  expect(() => new TailSamplingSpanProcessor(config)).toThrow(/^TailSamplingSpanProcessor: /);
});

test('a remote parent that was not sampled does not prevent promotion, and its randomness counts', () => {
  const app = application();
  app.sampler.recordFraction = 0.5;
  const parent = { traceId: traceIdAt(0.7), spanId: '2'.repeat(16), isRemote: true, traceFlags: 0 };
  const over = trace.setSpanContext(ROOT_CONTEXT, parent);
  app.tracer.startSpan('x', { kind: SpanKind.SERVER }, over).setStatus({ code: SpanStatusCode.ERROR }).end();
  expect(app.collector.spans.map(probabilityOfSpan)).toEqual([0.5]);
});

test('below a parent that is neither remote nor seen here, no threshold is lowered: its unsampled like were not recorded', () => {
  const app = application();
  const traceState = thresholdState('c');
  const parent = { traceId: traceIdAt(0.9), spanId: '2'.repeat(16), traceFlags: TraceFlags.SAMPLED, traceState };
  const over = trace.setSpanContext(ROOT_CONTEXT, parent);
  app.tracer.startSpan('x', {}, over).setStatus({ code: SpanStatusCode.ERROR }).end();
  expect(app.collector.spans.map(probabilityOfSpan)).toEqual([0.25]);
});

test.each([
  ['reaches the threshold of its class', 0.9, 0.5],
  ['does not', 0.3, Number.NaN],
])('a sampled parent of unknown probability: when the trace %s, it says %d', (_, part, probability) => {
  const app = application();
  app.sampler.recordFraction = 0.5;
  const parent = { traceId: traceIdAt(part), spanId: '2'.repeat(16), isRemote: true, traceFlags: TraceFlags.SAMPLED };
  const over = trace.setSpanContext(ROOT_CONTEXT, parent);
  app.tracer.startSpan('x', {}, over).setStatus({ code: SpanStatusCode.ERROR }).end();
  expect(app.collector.spans.map(probabilityOfSpan)).toEqual([probability]);
});
