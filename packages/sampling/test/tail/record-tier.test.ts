import {
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { AdaptiveSampler, type AdaptiveSamplerConfig, type SamplingResult, thresholdOf } from '../../src/index.ts';
import { driven } from '../driven-sampler.ts';

const NOT_RECORD = 0;
const RECORD = 1;
const SAMPLED = 2;

/** A trace id whose randomness is `part` of the range. */
function traceIdAt(part: number): string {
  const digits = Math.floor(part * 2 ** 48)
    .toString(16)
    .padStart(12, '0');
  return `${'1'.repeat(18)}${digits}00`;
}

function root(sampler: AdaptiveSampler, part: number, path = '/x'): SamplingResult {
  const attributes = { 'url.path': path };
  return sampler.shouldSample(ROOT_CONTEXT, traceIdAt(part), 'GET', SpanKind.SERVER, attributes);
}

/** Keeps one in four, by rule. */
function quarter(config: AdaptiveSamplerConfig = {}): AdaptiveSampler {
  const rules = [{ keep: { probability: 0.25 } } as const];
  return new AdaptiveSampler({ rules, ...config }, { now: () => 0, every: () => () => {} });
}

describe('traces that begin here', () => {
  test('nothing is recorded for its own sake until it is asked for', () => {
    const sampler = quarter();
    expect(sampler.recordFraction).toBe(0);
    expect(root(sampler, 0.7)).toEqual({ decision: NOT_RECORD });
    expect(root(sampler, 0.76).decision).toBe(SAMPLED);
  });

  test('randomness decides: kept, recorded, dropped; and what is recorded says no threshold', () => {
    const sampler = quarter();
    sampler.recordFraction = 0.5;
    expect(root(sampler, 0.8).decision).toBe(SAMPLED);
    expect(root(sampler, 0.7)).toEqual({ decision: RECORD });
    expect(root(sampler, 0.5)).toEqual({ decision: RECORD });
    expect(root(sampler, 0.4999)).toEqual({ decision: NOT_RECORD });
  });

  test('a fraction below the probability of keeping records nothing more', () => {
    const sampler = quarter();
    sampler.recordFraction = 0.1;
    expect(root(sampler, 0.8).decision).toBe(SAMPLED);
    expect(root(sampler, 0.74).decision).toBe(NOT_RECORD);
  });

  test('what a rule never keeps is not recorded', () => {
    const sampler = quarter({ rules: [{ route: '/health', keep: 'never' }] });
    sampler.recordFraction = 1;
    expect(root(sampler, 0.999, '/health')).toEqual({ decision: NOT_RECORD });
  });

  test('an emergency holds for recording too', () => {
    const sampler = quarter();
    sampler.recordFraction = 1;
    sampler.emergency = true;
    expect(root(sampler, 0.98).decision).toBe(NOT_RECORD);
    expect(root(sampler, 0.995).decision).toBe(SAMPLED);
  });

  test('other values than 0 to 1 change nothing', () => {
    const sampler = quarter();
    sampler.recordFraction = 0.5;
    for (const bad of [-1, 1.01, Number.NaN, Number.POSITIVE_INFINITY, undefined, '1x', {}]) {
      sampler.recordFraction = bad as number;
    }
    expect(sampler.recordFraction).toBe(0.5);
  });

  test('a dropped trace costs no result of its own', () => {
    const self = driven({ tracesPerSecond: 1, coverageMs: 0 });
    self.sampler.recordFraction = 0.5;
    self.run('x', 10_000, 10);
    const results = Array.from({ length: 200 }, () => self.root('x')).filter(({ decision }) => decision !== SAMPLED);
    expect(new Set(results).size).toBe(2);
  });
});

describe('parents', () => {
  function remote(part: number, isSampled: boolean, member?: string): SpanContext {
    const context: SpanContext = {
      traceId: traceIdAt(part),
      spanId: '2'.repeat(16),
      isRemote: true,
      traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    };
    return member === undefined ? context : { ...context, traceState: createTraceState(`ot=${member}`) };
  }
  const below = (sampler: AdaptiveSampler, parent: SpanContext): SamplingResult =>
    sampler.shouldSample(trace.setSpanContext(ROOT_CONTEXT, parent), parent.traceId, 'x', SpanKind.SERVER, {});

  test('an unsampled one elsewhere: recorded by the randomness of the trace, rv before the trace id', () => {
    const sampler = quarter();
    sampler.recordFraction = 0.5;
    expect(below(sampler, remote(0.6, false)).decision).toBe(RECORD);
    expect(below(sampler, remote(0.4, false)).decision).toBe(NOT_RECORD);
    expect(below(sampler, remote(0.4, false, 'rv:ffffffffffffff')).decision).toBe(RECORD);
    expect(below(sampler, remote(0.6, false, 'rv:00000000000000')).decision).toBe(NOT_RECORD);
    expect(below(sampler, remote(0.4, true, 'th:0')).decision).toBe(SAMPLED);
    expect(sampler.describe().followed).toEqual({ kept: 1, dropped: 4 });
  });

  test('a recording, unsampled one here: recorded, whatever the fraction is by now', () => {
    const sampler = quarter();
    sampler.recordFraction = 1;
    const ids = { generateTraceId: () => traceIdAt(0.1), generateSpanId: () => '3'.repeat(16) };
    const tracer = new TracerProvider({ sampler, idGenerator: ids }).getTracer('test');
    const parent = tracer.startSpan('parent', {}, ROOT_CONTEXT);
    expect([parent.isRecording(), parent.spanContext().traceFlags]).toEqual([true, TraceFlags.NONE]);
    sampler.recordFraction = 0;
    const start = (name: string, over: Span): Span => tracer.startSpan(name, {}, trace.setSpan(ROOT_CONTEXT, over));
    expect(start('child', parent).isRecording()).toBe(true);
    const dropped = tracer.startSpan('dropped', {}, ROOT_CONTEXT);
    expect(dropped.isRecording()).toBe(false);
    expect(start('child of the dropped', dropped).isRecording()).toBe(false);
  });
});

test('recorded traces are not paid from a budget of spans', () => {
  const sampler = new AdaptiveSampler({ spansPerSecond: 10, coverageMs: 0 }, { now: () => 0, every: () => () => {} });
  sampler.recordFraction = 1;
  const tracer = new TracerProvider({ sampler, spanProcessors: [sampler.spanProcessor()] }).getTracer('test');
  sampler.update({ rules: [{ keep: { probability: 2 ** -40 } }] });
  const before = sampler.describe().level;
  for (let i = 0; i < 50; i += 1) {
    const parent = tracer.startSpan('parent', {}, ROOT_CONTEXT);
    for (let n = 0; n < 5; n += 1) tracer.startSpan('child', {}, trace.setSpan(ROOT_CONTEXT, parent)).end();
    parent.end();
  }
  expect(sampler.describe().level).toBe(before);
  expect(thresholdOf(2 ** -40)).toBeLessThan(2 ** 48);
});
