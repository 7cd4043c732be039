import { context, SpanKind, type Tracer, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { type ReadableSpan, TracerProvider } from '@opentelemetry/sdk-trace';
import { AdaptiveSampler, type AdaptiveSamplerConfig } from '../src/index.ts';

interface Application {
  readonly sampler: AdaptiveSampler;
  readonly tracer: Tracer;
  readonly spans: ReadableSpan[];
  request(path: string, route: string | undefined, size?: number): void;
  pass(ms: number): void;
}

function application(config: AdaptiveSamplerConfig): Application {
  let nowMs = 0;
  let tick = (): void => {};
  const sampler = new AdaptiveSampler(config, {
    now: () => nowMs,
    every: (callback) => {
      tick = callback;
      return () => {};
    },
  });
  const spans: ReadableSpan[] = [];
  const collect = {
    onStart: (): void => {},
    onEnd: (span: ReadableSpan): void => void spans.push(span),
    forceFlush: (): Promise<void> => Promise.resolve(),
    shutdown: (): Promise<void> => Promise.resolve(),
  };
  const provider = new TracerProvider({
    sampler,
    spanProcessors: [sampler.spanProcessor(), collect],
  });
  const tracer = provider.getTracer('test');
  return {
    sampler,
    tracer,
    spans,
    request(path, route, size = 1) {
      const attributes = { 'http.request.method': 'GET', 'url.path': path };
      const root = tracer.startSpan('GET', { kind: SpanKind.SERVER, attributes });
      const inside = trace.setSpan(context.active(), root);
      for (let i = 1; i < size; i += 1) tracer.startSpan('work', {}, inside).end();
      if (route !== undefined) root.setAttribute('http.route', route);
      root.end();
    },
    pass(ms) {
      nowMs += ms;
      if (Math.floor(nowMs / 1000) > Math.floor((nowMs - ms) / 1000)) tick();
    },
  };
}

beforeAll(() => context.setGlobalContextManager(new AsyncLocalStorageContextManager()));
afterAll(() => context.disable());

const keys = (app: Application): string[] =>
  app.sampler
    .describe()
    .keys.map(({ key }) => key)
    .sort();

test('a route is learnt from the first request of its kind, and the key renamed with what was known', () => {
  const app = application({ tracesPerSecond: 100 });
  app.request('/people/1', undefined);
  expect(keys(app)).toEqual(['GET /people/*']);
  app.request('/people/2', '/people/:id');
  app.request('/people/3', '/people/:id');
  expect(keys(app)).toEqual(['GET /people/:id']);
  expect(app.sampler.describe().keys[0]?.seen).toBe(3);
});

test('paths that a framework sends to one route become one key', () => {
  const app = application({ tracesPerSecond: 100 });
  for (const name of ['ann', 'bob', 'ann', 'bob']) app.request(`/people/${name}`, '/people/:name');
  const described = app.sampler.describe().keys.find(({ key }) => key === 'GET /people/:name');
  expect(described?.seen).toBeGreaterThanOrEqual(3);
});

test('exported spans of a trace carry one threshold', () => {
  const app = application({ tracesPerSecond: 5, coverageMs: 0 });
  for (let i = 0; i < 5000; i += 1) {
    app.pass(2);
    app.request('/x', '/x', 3);
  }
  const byTrace = new Map<string, Set<string | undefined>>();
  for (const span of app.spans) {
    const { traceId, traceState } = span.spanContext();
    const seen = byTrace.get(traceId) ?? new Set();
    byTrace.set(traceId, seen.add(traceState?.get('ot')));
  }
  expect(byTrace.size).toBeGreaterThan(10);
  for (const states of byTrace.values()) {
    expect(states.size).toBe(1);
    expect([...states][0]).toMatch(/^th:/);
  }
});

test('a budget of spans holds although traces differ in size', () => {
  const app = application({ spansPerSecond: 50, coverageMs: 0 });
  const run = (seconds: number): number => {
    app.spans.length = 0;
    for (let i = 0; i < seconds * 200; i += 1) {
      app.pass(5);
      app.request(i % 4 === 0 ? '/large' : '/small', i % 4 === 0 ? '/large' : '/small', i % 4 === 0 ? 20 : 2);
    }
    return app.spans.length / seconds;
  };
  run(30);
  const perSecond = run(60);
  expect(perSecond).toBeGreaterThan(44);
  expect(perSecond).toBeLessThan(56);
});

test('spans that are no objects of ours, or frozen, cost nothing but a count', () => {
  const processor = new AdaptiveSampler().spanProcessor();
  expect(() => processor.onEnd(Object.freeze({}))).not.toThrow();
  expect(() => processor.onStart(undefined as never, context.active())).not.toThrow();
});
