import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { resolveOptions } from '../src/configuration/resolve-options.ts';
import { createSampling } from '../src/sampling.ts';

const make = (environment: NodeJS.ProcessEnv, code: object = {}) =>
  createSampling(resolveOptions({ code, environment, directory: undefined }));

const before = process.env.OTEL_TRACES_SAMPLER;
afterEach(() => {
  if (before === undefined) delete process.env.OTEL_TRACES_SAMPLER;
  else process.env.OTEL_TRACES_SAMPLER = before;
});

interface Run {
  readonly kept: number;
  readonly states: Set<string | undefined>;
}

/** The part of a thousand traces that is kept, and their thresholds. */
async function run(sampling: ReturnType<typeof make>, path: string, hasFailed = false): Promise<Run> {
  const { sampler } = sampling;
  if (sampler === undefined) throw new Error('there is no sampler');
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    sampler,
    spanProcessors: sampling.processors([], (meter) => [new SimpleSpanProcessor({ exporter: meter(exporter) })]),
  });
  const attributes = { 'http.request.method': 'GET', 'url.path': path };
  for (let i = 0; i < 1000; i++) {
    const root = provider.getTracer('t').startSpan('GET', { kind: SpanKind.SERVER, attributes });
    provider.getTracer('t').startSpan('child', {}, trace.setSpan(context.active(), root)).end();
    if (hasFailed) root.setStatus({ code: SpanStatusCode.ERROR });
    root.end();
  }
  await provider.forceFlush();
  const spans = exporter.getFinishedSpans();
  await provider.shutdown();
  return { kept: spans.length / 2, states: new Set(spans.map((span) => span.spanContext().traceState?.get('ot'))) };
}

test('the preset names the sampler: development keeps every trace, with threshold 0', async () => {
  expect(await run(make({ SONDE_PRESET: 'development' }), '/items')).toEqual({ kept: 1000, states: new Set(['th:0']) });
});

test('production holds a budget: a burst of a thousand traces is cut', async () => {
  const { kept } = await run(make({ SONDE_PRESET: 'production' }), '/items');
  expect(kept).toBeGreaterThan(0);
  expect(kept).toBeLessThan(600);
});

test('health checks are not traced', async () => {
  expect((await run(make({}), '/healthz')).kept).toBe(0);
  expect((await run(make({ SONDE_SAMPLER: 'debug' }), '/healthz')).kept).toBe(1000);
});

test('a rate keeps one fixed part, whatever the preset', async () => {
  const { kept, states } = await run(make({ SONDE_SAMPLING_RATE: '0.25' }), '/items');
  expect(states).toEqual(new Set(['th:c']));
  // 5 standard errors of a binomial
  expect(Math.abs(kept - 250)).toBeLessThan(5 * Math.sqrt(1000 * 0.25 * 0.75));
  expect((await run(make({ SONDE_SAMPLING_RATE: '0' }), '/items')).kept).toBe(0);
  expect((await run(make({ SONDE_SAMPLING_RATE: '1' }), '/healthz')).kept).toBe(0);
});

test('a budget replaces the rule that keeps everything', async () => {
  const { kept } = await run(make({}, { sampler: 'development', tracesPerSecond: 5 }), '/items');
  expect(kept).toBeLessThan(600);
  expect(String(make({}, { tracesPerSecond: 5 })?.sampler)).toBe('AdaptiveSampler{5 traces/s}');
});

test('off, and OTEL_TRACES_SAMPLER where nothing of ours is set, leave the choice to OpenTelemetry', () => {
  expect(make({ SONDE_SAMPLER: 'off' }).sampler).toBeUndefined();
  process.env.OTEL_TRACES_SAMPLER = 'always_on';
  expect(make({ SONDE_PRESET: 'production' }).sampler).toBeUndefined();
  expect(make({ SONDE_SAMPLER: 'production' }).sampler).toBeDefined();
  expect(make({ SONDE_TRACES_PER_SECOND: '3' }).sampler).toBeDefined();
  expect(make({}, { samplingRate: 0.5 })).toBeDefined();
});

test('failed traces are kept besides, unless tailSampling is off', async () => {
  const off = await run(make({ SONDE_SAMPLING_RATE: '0.000000001', SONDE_TAIL_SAMPLING: '0' }), '/items', true);
  expect(off.kept).toBe(0);
  const { kept, states } = await run(make({ SONDE_SAMPLING_RATE: '0.000001' }), '/items', true);
  expect(kept).toBeGreaterThan(0);
  expect(states.has(undefined)).toBe(false);
  // Nothing of a sampler that keeps everything is held back.
  expect((await run(make({ SONDE_SAMPLER: 'debug' }), '/items', true)).states).toEqual(new Set(['th:0']));
});

test('the overhead target can be set where traces may be dropped, and nowhere else', () => {
  const { setOverhead } = make({ SONDE_SAMPLER: 'production' }) ?? {};
  expect([setOverhead?.(0.05), setOverhead?.(2), setOverhead?.(undefined)]).toEqual([true, false, true]);
  expect(make({ SONDE_SAMPLER: 'debug' })?.setOverhead).toBeUndefined();
});
