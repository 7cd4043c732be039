import { ROOT_CONTEXT, type Span, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import fc from 'fast-check';
import { keepTrace } from '../../src/index.ts';
import { runs } from '../seed.ts';
import { application, probabilityOfSpan } from './application.ts';

const MAX_BYTES = 20_000;

/** One step of a program: what is done, and to which span. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant('root' as const), fc.nat(99)) },
  { weight: 6, arbitrary: fc.tuple(fc.constant('child' as const), fc.nat(99)) },
  { weight: 8, arbitrary: fc.tuple(fc.constant('end' as const), fc.nat(99)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('end again' as const), fc.nat(99)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('fail' as const), fc.nat(99)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('mark' as const), fc.nat(99)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('pass' as const), fc.nat(99)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('jump' as const), fc.constantFrom(-3_600_000, -1, 30_000, 3_600_000)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('fraction' as const), fc.constantFrom(0, 0.3, 1)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('flush' as const), fc.nat(99)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('shutdown' as const), fc.nat(9)) },
);

function run(program: readonly (readonly [string, number])[]) {
  const app = application({
    sampler: { maxKeys: 16, rules: [{ keep: { probability: 0.5 } }] },
    tail: { maxBytes: MAX_BYTES, maxSpans: 5, tracesPerSecond: 1 },
  });
  const spans: Span[] = [];
  const ended = new Set<Span>();
  const at = (n: number): Span | undefined => spans[spans.length === 0 ? 0 : n % spans.length];
  const keep = (span: Span): void => {
    if (span.isRecording()) spans.push(span);
  };
  const steps: Record<string, (n: number) => void> = {
    root: (n) => keep(app.begin(`root ${n % 3}`, n / 100)),
    child: (n) => {
      const parent = at(n);
      if (parent !== undefined) keep(app.below(parent, 'child'));
    },
    end: (n) => {
      const span = at(n);
      if (span === undefined || ended.has(span)) return;
      ended.add(span);
      span.end();
    },
    'end again': (n) => {
      const span = at(n);
      if (span !== undefined && ended.has(span)) app.tail.onEnd(span);
    },
    fail: (n) => void at(n)?.setStatus({ code: SpanStatusCode.ERROR }),
    mark: (n) => void keepTrace(trace.setSpan(ROOT_CONTEXT, at(n) as Span)),
    pass: (n) => app.pass(n * 50),
    jump: (ms) => {
      app.clock.ms += ms;
    },
    fraction: (fraction) => {
      app.sampler.recordFraction = fraction;
    },
    flush: () => void app.tail.forceFlush(),
    // Most programs go on to their end.
    shutdown: (n) => void (n === 0 && app.tail.shutdown()),
  };
  const isBounded: boolean[] = [];
  for (const [what, n] of program) {
    steps[what]?.(n);
    const { bytes, spans: held, traces } = app.tail.describe().held;
    isBounded.push(bytes <= MAX_BYTES && bytes >= 500 * traces + 1000 * held && held <= ended.size);
  }
  void app.tail.shutdown();
  return { app, ended, isBounded };
}

test('no span comes out twice, none that the sampler kept is lost, and memory is bounded, whatever happens', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (program) => {
      const { app, ended, isBounded } = run(program);
      const out = app.collector.spans.map((span) => span.spanContext().spanId);
      expect(new Set(out).size).toBe(out.length);
      const sampled = [...ended].map((span) => span.spanContext()).filter(({ traceFlags }) => traceFlags === 1);
      expect(sampled.filter(({ spanId }) => !out.includes(spanId))).toEqual([]);
      expect(isBounded).not.toContain(false);
      expect(app.tail.describe().held).toEqual({ traces: 0, spans: 0, bytes: 0 });
    }),
    runs(300),
  );
});

test('whatever comes out is sampled, and says a threshold that its randomness reaches and that the head did not exceed', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (program) => {
      for (const span of run(program).app.collector.spans) {
        const { traceId, traceFlags } = span.spanContext();
        const probability = probabilityOfSpan(span);
        const randomness = Number.parseInt(traceId.slice(18), 16) / 2 ** 56;
        expect(traceFlags & TraceFlags.SAMPLED).toBe(TraceFlags.SAMPLED);
        expect(randomness).toBeGreaterThanOrEqual(1 - probability);
        if (randomness >= 0.5) expect(probability).toBeGreaterThanOrEqual(0.5);
      }
    }),
    runs(100),
  );
});
