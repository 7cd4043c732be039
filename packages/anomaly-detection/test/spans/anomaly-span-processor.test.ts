import { SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import { type ReadableSpan, type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { random } from '../../../statistics/test/seed.ts';
import { rig, START_MS } from '../rig.ts';
import { SEED } from '../seed.ts';

interface Spans {
  readonly self: ReturnType<typeof rig>;
  readonly tracer: Tracer;
  span(name: string, durationMs: number, error?: string): ReadableSpan;
}

function spans(): Spans {
  const self = rig();
  let ended: ReadableSpan | undefined;
  const nothing = async (): Promise<void> => {};
  const capture: SpanProcessor = {
    onStart: () => {},
    onEnd: (span) => {
      ended = span;
    },
    forceFlush: nothing,
    shutdown: nothing,
  };
  const provider = new TracerProvider({
    spanProcessors: [capture, self.detection.spanProcessor],
  });
  const tracer = provider.getTracer('test');
  return {
    self,
    tracer,
    span(name, durationMs, error) {
      const one = tracer.startSpan(name, { kind: SpanKind.SERVER, startTime: START_MS });
      if (error !== undefined) {
        one.setAttribute('error.type', error);
        one.setStatus({ code: SpanStatusCode.ERROR });
      }
      one.end(START_MS + durationMs);
      return ended as ReadableSpan;
    },
  };
}

test('a span that is slow as one in 10,000 is says so, others say nothing', () => {
  const { span } = spans();
  const next = random(SEED);
  for (let i = 0; i < 5000; i++) span('GET /users', 10 - 4 * Math.log(1 - next()));
  expect(span('GET /users', 15).attributes).toEqual({});
  const slow = span('GET /users', 900);
  expect(slow.attributes).toEqual({ 'sonde.anomaly.score': expect.any(Number), 'sonde.anomaly.reason': 'latency' });
  expect(slow.attributes['sonde.anomaly.score']).toBeGreaterThanOrEqual(4);
  // Another operation has a past of its own.
  expect(span('GET /reports', 900).attributes).toEqual({});
});

test('an error that an operation hardly ever has is marked the first time, and as rare only', () => {
  const { span } = spans();
  for (let i = 0; i < 6000; i++) span('GET /users', 10, i % 10 === 0 ? 'timeout' : undefined);
  expect(span('GET /users', 10, 'timeout').attributes['sonde.anomaly.reason']).toBeUndefined();
  expect(span('GET /users', 10, 'ECONNRESET').attributes['sonde.anomaly.reason']).toBe('rare_error');
  expect(span('GET /users', 10, 'ECONNRESET').attributes['sonde.anomaly.reason']).toBeUndefined();
});

test('a rising share of failed spans is an anomaly of the operation, and marks them while it lasts', async () => {
  const { self, span } = spans();
  const second = async (failing: number): Promise<ReadableSpan | undefined> => {
    let last: ReadableSpan | undefined;
    for (let i = 0; i < 20; i++) last = span('GET /users', 10, i >= 20 - failing ? '500' : undefined);
    await self.step();
    return last;
  };
  for (let i = 0; i < 30; i++) await second(0);
  expect(self.told).toEqual([]);
  for (let i = 0; i < 8; i++) await second(8);
  expect(self.told).toHaveLength(1);
  expect(self.told[0]).toMatchObject({ source: 'span', series: 'GET /users{span.kind=server} error_share' });
  expect((await second(8))?.attributes['sonde.anomaly.reason']).toBe('error_rate');
});

test('a flood of operation names stays within its bound and pushes none out that is busy', async () => {
  const { self, span } = spans();
  for (let look = 0; look < 5; look++) {
    span('GET /users', 10);
    await self.step();
  }
  for (let i = 0; i < 3000; i++) span(`GET /users/${i}`, 10);
  await self.step();
  expect(self.detection.explain('GET /users')).toMatch(/^GET \/users/);
  expect(self.detection.explain('*').split('\n').length).toBeLessThanOrEqual(101);
});

test('a stage before another one hands everything on, and only through it', async () => {
  const self = rig();
  const calls: string[] = [];
  const stage = self.detection.spanProcessorBefore({
    onStart: () => calls.push('start'),
    onEnding: () => calls.push('ending'),
    onEnd: () => calls.push('end'),
    forceFlush: async () => void calls.push('flush'),
    shutdown: async () => void calls.push('shutdown'),
  });
  const provider = new TracerProvider({ spanProcessors: [stage] });
  provider.getTracer('test').startSpan('one').end();
  await provider.forceFlush();
  await provider.shutdown();
  expect(calls).toEqual(['start', 'ending', 'end', 'flush', 'shutdown']);
});

test('spans of any shape are survived', () => {
  const { spanProcessor } = rig().detection;
  const odd = [
    {},
    { name: 7 },
    { name: '__proto__', kind: 99, duration: [Number.NaN, 0], status: {} },
    { duration: null },
  ];
  for (const span of odd) expect(() => spanProcessor.onEnding(span as never)).not.toThrow();
});

test('what is no span processor is refused as the next one', () => {
  const { detection } = rig();
  for (const next of [undefined, null, {}, { onStart() {} }] as never[]) {
    expect(() => detection.spanProcessorBefore(next)).toThrow(
      'spanProcessorBefore: next must be a SpanProcessor, got ',
    );
  }
});
