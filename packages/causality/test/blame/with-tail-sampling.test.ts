import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { noteThreadWait } from '@sonde/instrumentation-kit';
import { AdaptiveSampler, TailSamplingSpanProcessor } from '@sonde/sampling';
import { CausalitySpanProcessor } from '../../src/blame/causality-span-processor.ts';
import { Collecting } from './world.ts';

/** A chain of both stages, in the order given, over one loop and one clock. */
function chain(order: 'causality first' | 'tail first') {
  const clock = { ms: 2e8 };
  const atTurnEnd: (() => void)[] = [];
  const collecting = new Collecting();
  const sampler = new AdaptiveSampler({ rules: [{ keep: { probability: 0.01 } }] });
  const causality = (next: object) =>
    new CausalitySpanProcessor(
      { next: next as Collecting },
      {
        now: () => clock.ms,
        epochNow: () => clock.ms,
        atTurnEnd: (callback) => atTurnEnd.push(callback),
        keepTurning: () => () => undefined,
      },
    );
  const tail = (next: object) =>
    new TailSamplingSpanProcessor(
      { next: next as Collecting, sampler },
      { now: () => clock.ms, every: () => () => undefined },
    );
  const first = order === 'causality first' ? causality(tail(collecting)) : tail(causality(collecting));
  const provider = new TracerProvider({
    sampler,
    spanProcessors: [first as never],
    idGenerator: {
      generateTraceId: () => '1'.repeat(18) + '8'.repeat(14),
      generateSpanId: () => Math.random().toString(16).slice(2).padEnd(16, '1').slice(0, 16),
    },
  });
  const turn = (): void => {
    for (const callback of atTurnEnd.splice(0)) callback();
  };
  return { clock, collecting, tracer: provider.getTracer('chain'), first, turn };
}

test.each(['causality first', 'tail first'] as const)('a failed trace is kept and blamed, whole: %s', async (order) => {
  const { clock, collecting, tracer, first, turn } = chain(order);
  const startTime = new Date(clock.ms);
  const root = tracer.startSpan('root', { kind: SpanKind.SERVER, startTime }, ROOT_CONTEXT);
  const active = trace.setSpan(ROOT_CONTEXT, root);
  const child = tracer.startSpan('child', { kind: SpanKind.CLIENT, startTime }, active);
  noteThreadWait('gc', clock.ms + 20, clock.ms + 50);
  clock.ms += 60;
  child.end(new Date(clock.ms));
  clock.ms += 40;
  root.setStatus({ code: SpanStatusCode.ERROR });
  root.end(new Date(clock.ms));
  turn();
  turn();
  expect(collecting.spans.map(({ name }) => name)).toEqual(['child', 'root']);
  const [, blamed] = collecting.spans;
  expect(blamed?.attributes).toEqual({
    'sonde.sampling.reason': 'error',
    'sonde.sampling.key': expect.any(String),
    'sonde.blame.gc': 0.03,
    'sonde.blame.child_service': 0.03,
    'sonde.blame.unexplained': 0.04,
    'sonde.blame.top': 'unexplained',
    'sonde.blame.summary': expect.any(String),
  });
  for (const span of collecting.spans) expect(span.spanContext().traceFlags).toBe(1);
  await first.shutdown();
  expect(collecting.isShut).toBe(true);
});

test.each(['causality first', 'tail first'] as const)(
  'a normal trace that is not sampled is dropped: %s',
  async (order) => {
    const { clock, collecting, tracer, first, turn } = chain(order);
    const root = tracer.startSpan('root', { startTime: new Date(clock.ms) }, ROOT_CONTEXT);
    clock.ms += 50;
    context.with(ROOT_CONTEXT, () => root.end(new Date(clock.ms)));
    turn();
    turn();
    await first.forceFlush();
    expect(collecting.spans).toEqual([]);
    await first.shutdown();
  },
);
