import { createTraceState, SpanKind, TraceFlags } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { AdaptiveSampler, type Estimated, estimate, type OtlpSpan, type SampledSpan } from '../../src/index.ts';
import { keptSpan, traceIdOf } from './kept-span.ts';

const many = (count: number, span: () => SampledSpan): SampledSpan[] => Array.from({ length: count }, span);
const close = ({ value, low, high }: Estimated): number[] => [value, low, high].map((x) => Number(x.toPrecision(5)));

describe('by hand', () => {
  test('what was kept whole is known exactly', () => {
    const spans = many(20, () => keptSpan('0')).map((span, n) => ({ ...span, durationMs: n + 1, isError: n < 3 }));
    const [group] = estimate(spans, { seconds: 4 }).groups;
    expect(group).toEqual({
      group: 'GET /',
      kept: 20,
      unknown: 0,
      count: { value: 20, low: 20, high: 20 },
      perSecond: { value: 5, low: 5, high: 5 },
      errors: { value: 3, low: 3, high: 3 },
      errorRatio: { value: 0.15, low: 0.15, high: 0.15 },
      p50Ms: { value: 10, low: 10, high: 10 },
      p95Ms: { value: 19, low: 19, high: 19 },
      p99Ms: { value: 20, low: 20, high: 20 },
    });
  });

  test('100 spans kept at 1 in 4 stand for 400, within the bounds of the negative binomial distribution', () => {
    const { count, errors } = estimate(many(100, () => keptSpan('c'))).total;
    // Exact: P(Bin(N, 1/4) >= 100) = 0.025 at N = 335, P(Bin(N, 1/4) <= 100) = 0.025 at N = 474.
    expect(count.value).toBe(400);
    expect(Math.abs(count.low - 335)).toBeLessThan(2);
    expect(Math.abs(count.high - 474)).toBeLessThan(2);
    // None among them: with the next one as heavy as these, P(Bin(N, 1/4) = 0) >= 0.025 up to N = 12.
    expect([errors.value, errors.low]).toEqual([0, 0]);
    expect(errors.high).toBeGreaterThan(8);
    expect(errors.high).toBeLessThan(14);
  });

  test('promoted errors that were all kept leave their exact number, and a ratio to an estimate', () => {
    const errors = many(5, () => keptSpan('0', { isError: true }));
    const normal = many(50, () => keptSpan('e'));
    const { total } = estimate([...errors, ...normal]);
    expect(close(total.errors)).toEqual([5, 5, 5]);
    expect(total.count.value).toBe(5 + 8 * 50);
    expect(total.errorRatio.value).toBeCloseTo(5 / 405, 12);
    // The others are 8 * 50 = 400 +- 2 * sqrt(50 * 8 * 7) = 106.
    expect(total.errorRatio.low).toBeGreaterThan(5 / (5 + 540));
    expect(total.errorRatio.high).toBeLessThan(5 / (5 + 280));
  });

  test('percentiles weigh each span by what it stands for', () => {
    // 60 fast ones stand for 240, 60 slow ones for themselves: the median of 300 is fast, the 95th percentile slow.
    const fast = many(60, () => keptSpan('c', { durationMs: 1 }));
    const slow = many(60, () => keptSpan('0', { durationMs: 100 }));
    const { p50Ms, p95Ms } = estimate([...fast, ...slow]).total;
    expect([p50Ms.value, p95Ms.value]).toEqual([1, 100]);
    expect(p50Ms.high).toBe(1);
    expect(p95Ms).toEqual({ value: 100, low: 1, high: 100 });
  });

  test('a high percentile of few spans has no upper bound', () => {
    const spans = many(20, () => keptSpan('c')).map((span, n) => ({ ...span, durationMs: n + 1 }));
    const { p50Ms, p99Ms } = estimate(spans).total;
    expect(p99Ms).toMatchObject({ value: 20, high: Number.POSITIVE_INFINITY });
    expect(p50Ms.value).toBe(10);
    // Of 20 order statistics, the 6th and the 15th bound the median with 95.9 %.
    expect([4, 5, 6]).toContain(p50Ms.low);
    expect([14, 15, 16, 17]).toContain(p50Ms.high);
  });

  test('spans of one trace are kept together, so that they tell less than as many traces', () => {
    const apart = estimate(many(40, () => keptSpan('c'))).total.count;
    const inPairs = many(20, () => keptSpan('c')).flatMap((span) => [span, span]);
    const together = estimate(inPairs).total.count;
    expect(together.value).toBe(apart.value);
    // Variance 40 * 4 * 3 against 20 * 4 * 4 * 3.
    expect((together.high - together.low) / (apart.high - apart.low)).toBeCloseTo(Math.SQRT2, 1);
  });
});

describe('what is not known', () => {
  test.each([
    ['no tracestate', undefined],
    ['a malformed threshold', 'th:xyz'],
    ['an empty one', 'th:'],
    ['one of 15 digits', 'th:123456789abcdef'],
    ['another sub-key', 'rv:ffffffffffffff'],
  ])('with %s, a span is counted apart and weighs nothing', (_, ot) => {
    const { kept, unknown, count, errorRatio } = estimate([
      keptSpan('8'),
      { ...keptSpan('8'), ot, isError: true },
    ]).total;
    expect([kept, unknown, count.value, errorRatio.value]).toEqual([1, 1, 2, 0]);
  });

  test('a threshold that the trace cannot have reached is none', () => {
    const traceId = traceIdOf('7fffffffffffff');
    expect(estimate([keptSpan('8', { traceId })]).total).toMatchObject({ kept: 0, unknown: 1 });
    // Explicit randomness counts instead of the trace id.
    const ot = 'th:8;rv:80000000000000';
    expect(estimate([keptSpan('8', { traceId, ot })]).total).toMatchObject({ kept: 1, unknown: 0 });
  });

  test('a forged threshold cannot outweigh all others, unless it is asked for', () => {
    const spans = [keptSpan('0'), keptSpan('ffffffffffffff')];
    expect(estimate(spans).total).toMatchObject({ unknown: 1, count: { value: 1 } });
    expect(estimate(spans, { maxAdjustedCount: 2 ** 56 }).total.count.value).toBe(2 ** 56 + 1);
  });

  test('a group of nothing but unknown spans has no upper bounds', () => {
    const [group] = estimate([keptSpan(undefined)], { seconds: 1 }).groups;
    expect(group).toMatchObject({ kept: 0, unknown: 1, count: { value: 0, low: 0, high: Number.POSITIVE_INFINITY } });
    expect(group?.errorRatio).toEqual({ value: Number.NaN, low: 0, high: 1 });
    expect(group?.p99Ms).toEqual({ value: Number.NaN, low: 0, high: Number.POSITIVE_INFINITY });
  });

  test('nothing gives nothing', () => {
    const { groups, total, seconds } = estimate([]);
    expect([groups, seconds, total.kept, total.unknown, total.perSecond.value]).toEqual([[], 0, 0, 0, Number.NaN]);
  });
});

describe('reading spans', () => {
  const END = '1700000000000000000';

  function otlp(given: Partial<OtlpSpan> = {}): OtlpSpan {
    return {
      traceId: traceIdOf(),
      spanId: '00f067aa0ba902b7',
      traceState: 'other=1,ot=th:c',
      name: 'GET',
      kind: 2,
      startTimeUnixNano: '1699999999987654321',
      endTimeUnixNano: END,
      attributes: [
        { key: 'http.request.method', value: { stringValue: 'GET' } },
        { key: 'http.route', value: { stringValue: '/users/:id' } },
      ],
      status: { code: 2 },
      ...given,
    };
  }

  test('of the SDK, as exporters get them', async () => {
    const exporter = new InMemorySpanExporter();
    const sampler = new AdaptiveSampler({ rules: [{ keep: { probability: 1 } }] });
    const provider = new TracerProvider({ sampler, spanProcessors: [new SimpleSpanProcessor({ exporter })] });
    const tracer = provider.getTracer('test');
    const attributes = { 'http.request.method': 'GET', 'url.path': '/users/4711' };
    const startTime = 1_700_000_000_000;
    for (let n = 0; n < 3; n += 1) {
      const span = tracer.startSpan('GET', { kind: SpanKind.SERVER, attributes, startTime });
      if (n === 0) span.setStatus({ code: 2 });
      if (n > 0) span.setAttribute('http.route', '/users/:id');
      span.end(startTime + 5);
    }
    await provider.forceFlush();
    const { groups } = estimate(exporter.getFinishedSpans());
    expect(groups.map(({ group, kept, errors, p50Ms }) => [group, kept, errors.value, p50Ms.value])).toEqual([
      ['GET /users/:id', 2, 0, 5],
      ['GET /users/*', 1, 1, 5],
    ]);
    sampler.shutdown();
  });

  test('of the SDK that were not sampled say nothing', () => {
    const context = { traceId: traceIdOf(), spanId: '00f067aa0ba902b7', traceFlags: TraceFlags.NONE };
    const traceState = createTraceState('ot=th:c');
    const span = {
      name: 'x',
      kind: SpanKind.SERVER,
      spanContext: () => ({ ...context, traceState }),
      startTime: [0, 0] as [number, number],
      endTime: [1, 0] as [number, number],
      status: { code: 0 },
      attributes: {},
    };
    expect(estimate([span])).toMatchObject({ unsampled: 1, total: { kept: 0, unknown: 0 } });
  });

  test('of OTLP, from JSON and from protobuf', () => {
    const traceId = Buffer.from(traceIdOf(), 'hex');
    const spans = [
      otlp(),
      otlp({
        traceId,
        spanId: Buffer.alloc(8, 1),
        startTimeUnixNano: 1699999999987654321n,
        endTimeUnixNano: BigInt(END),
      }),
      otlp({ traceId: traceId.toString('base64'), spanId: 'AgICAgICAgI=', kind: 'SPAN_KIND_SERVER', status: null }),
      otlp({ traceState: null, attributes: null, status: { code: 'STATUS_CODE_ERROR' } }),
    ];
    const { groups, seconds } = estimate(spans);
    expect(groups.map(({ group, kept, unknown, errors }) => [group, kept, unknown, errors.value])).toEqual([
      ['GET /users/:id', 3, 0, 8],
      ['GET', 0, 1, 0],
    ]);
    expect(groups[0]?.p50Ms.value).toBe(12.345679);
    expect(seconds).toBeCloseTo(0.0123, 3);
  });

  test('only local roots count unless asked otherwise', () => {
    const parentSpanId = 'aaf067aa0ba902b7';
    const spans = [
      otlp({ parentSpanId, flags: 0x301, kind: 1 }),
      otlp({ parentSpanId, flags: 0x101, kind: 2 }),
      otlp({ parentSpanId, kind: 2 }),
      otlp({ parentSpanId, kind: 3 }),
      otlp({ parentSpanId: '', kind: 3 }),
      otlp({ parentSpanId: new Uint8Array(0), kind: 3 }),
    ];
    expect(estimate(spans).total.kept).toBe(4);
    expect(estimate(spans, { groupBy: (_, { name }) => name ?? '' }).groups).toMatchObject([{ group: 'GET', kept: 6 }]);
  });

  test('a span that came twice counts once', () => {
    const span = otlp();
    expect(estimate([span, { ...span }, otlp()])).toMatchObject({ duplicates: 1, total: { kept: 2 } });
  });

  test('what is no span is counted as unreadable, and throws nothing', () => {
    const broken = [
      null,
      undefined,
      1,
      '',
      {},
      { spanContext: 1 },
      otlp({ traceId: 'x' }),
      otlp({ endTimeUnixNano: '?' }),
      otlp({ endTimeUnixNano: '9'.repeat(1_000_000) }),
    ];
    const none = {
      spanContext: (): never => {
        throw new Error('no context');
      },
    };
    const { unreadable, total } = estimate([...broken, none] as never[]);
    expect([unreadable, total.kept, total.unknown]).toEqual([10, 0, 0]);
  });

  test('names of groups may be anything', () => {
    const names = ['__proto__', 'constructor', '\u0000', '\uD800', ''];
    const { groups } = estimate(names.map((key) => keptSpan('c', { key })));
    expect(new Set(groups.map(({ group }) => group))).toEqual(new Set(names));
  });
});

test.each([
  ['confidence', 0.4],
  ['confidence', 1],
  ['confidence', Number.NaN],
  ['seconds', 0],
  ['seconds', Number.NaN],
  ['maxAdjustedCount', 0.5],
  ['groupBy', 'route'],
])('%s: %p is refused', (option, value) => {
  expect(() => estimate([], { [option]: value })).toThrow(`estimate: ${option} must be`);
});
