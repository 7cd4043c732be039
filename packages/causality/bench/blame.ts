/**
 * What blame costs a span, in CPU: the same spans without it and with it, where nothing is known that overlaps them, and
 * where the event loop was blocked meanwhile.
 */
import { context, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { CausalitySpanProcessor } from '@sonde/causality';
import { noteThreadWait } from '@sonde/instrumentation-kit';
import {
  absoluteGate,
  type BenchmarkOptions,
  type BenchmarkResult,
  cpuNanosPerOp,
  interleave,
  median,
  type Row,
} from '../../../benchmarks/rig.ts';

const SPANS = 40_000;
const SPANS_A_TURN = 8;
/** Of a slow request; it says when it began. */
const SLOW_MS = 20;
/** What blame may cost a span that overlaps nothing. */
const REACH_NANOS = 300;

const nothing: SpanProcessor = {
  onStart: () => undefined,
  onEnd: () => undefined,
  forceFlush: async () => undefined,
  shutdown: async () => undefined,
};

function tracerWith(processor: SpanProcessor) {
  return new TracerProvider({ spanProcessors: [processor] }).getTracer('bench');
}

type Tracer = ReturnType<typeof tracerWith>;

function roots(tracer: Tracer): (iterations: number) => void {
  return (iterations) => {
    for (let i = 0; i < iterations; i += 1) tracer.startSpan('GET', { kind: SpanKind.SERVER }, ROOT_CONTEXT).end();
  };
}

function children(tracer: Tracer): (iterations: number) => void {
  const parent = trace.setSpan(ROOT_CONTEXT, tracer.startSpan('GET', { kind: SpanKind.SERVER }, ROOT_CONTEXT));
  return (iterations) => {
    for (let i = 0; i < iterations; i += 1) tracer.startSpan('work', { kind: SpanKind.INTERNAL }, parent).end();
  };
}

/** The end of a turn of the loop comes when the benchmark says so: a loop that measures does not turn. */
const atTurnEnd: (() => void)[] = [];

function slowRoots(tracer: Tracer, shiftMs: number): (iterations: number) => void {
  return (iterations) => {
    for (let i = 0; i < iterations; i += 1) {
      const now = Date.now() - shiftMs;
      tracer.startSpan('GET', { kind: SpanKind.SERVER, startTime: now - SLOW_MS }, ROOT_CONTEXT).end(now);
      if (i % SPANS_A_TURN === 0) for (const callback of atTurnEnd.splice(0)) callback();
    }
  };
}

const CASES = ['a child span', 'a short root', 'a slow root, nothing known', 'a slow root behind long turns'] as const;

function run(name: (typeof CASES)[number], tracer: Tracer): (iterations: number) => void {
  if (name === 'a child span') return children(tracer);
  if (name === 'a short root') return roots(tracer);
  // Far enough in the past that nothing which is noted of this loop overlaps, or all of what is noted below.
  return slowRoots(tracer, name === 'a slow root, nothing known' ? -3_600_000 : 3_600_000);
}

function addedNanos(rows: readonly Row[], name: string): Row {
  const [bare, ours] = [name, `${name}, blamed`].map((wanted) => rows.find((row) => row.name === wanted)?.rounds ?? []);
  const rounds = (ours as readonly number[]).map((cost, i) => cost - (bare?.[i] as number));
  return { name: `${name}: added`, unit: 'ns/op', median: median(rounds), rounds };
}

/** Rows and gates of blame, for the benchmark of the package. */
export async function measureBlame({ rounds, log }: BenchmarkOptions): Promise<BenchmarkResult> {
  const processor = new CausalitySpanProcessor(
    { next: nothing as never },
    { atTurnEnd: (callback) => atTurnEnd.push(callback) },
  );
  const past = performance.now() - 3_600_000;
  for (let at = past - 5_000; at < past + 120_000; at += 500) {
    noteThreadWait('blocked_loop', at, at + 400, { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) });
  }
  const [bare, ours] = [tracerWith(nothing), tracerWith(processor as never)];
  const variants = Object.fromEntries(
    CASES.flatMap((name) => {
      const [without, blamed] = [run(name, bare), run(name, ours)];
      return [
        [name, () => cpuNanosPerOp(SPANS, without)],
        [`${name}, blamed`, () => cpuNanosPerOp(SPANS, blamed)],
      ];
    }),
  );
  const rows = await context.with(ROOT_CONTEXT, () =>
    interleave({ variants, aa: 'a short root', rounds, log, warmup: 3 }),
  );
  await processor.shutdown();
  const added = CASES.map((name) => addedNanos(rows, name));
  return {
    rows: [...rows, ...added],
    gates: added
      .slice(0, 3)
      .map(({ name, median: measured }) =>
        absoluteGate({ gate: `blame: ns of CPU ${name}`, reach: `<= ${REACH_NANOS}`, measured, rows }),
      ),
  };
}
