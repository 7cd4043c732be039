/**
 * What an event costs beside a span, what filters and percentiles cost a record, whether producers in two threads disturb
 * each other, and how much memory the main thread's stream takes when everything in it is full.
 *
 * The peer is `tracer.startSpan().end()` with the AlwaysOn sampler and a batch processor whose exporter succeeds at once.
 * Only the calls are measured: the batches are exported between the measurements, and none is ever dropped.
 */
import { type Context, context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { ExportResultCode } from '@opentelemetry/core';
import { AlwaysOnSampler, BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import { createEventStream, type EventDefinition, type EventHandle, eventStream, Severity } from '@sonde/event-stream';
import { activeContext } from '@sonde/instrumentation-kit';
import { childVariant } from '../../../benchmarks/child.ts';
import {
  absoluteGate,
  type Benchmark,
  type BenchmarkOptions,
  type BenchmarkResult,
  cpuNanosPerOp,
  type Gate,
  interleave,
  type Row,
  ratioGate,
} from '../../../benchmarks/rig.ts';
import { ProducerThread } from './producer-thread.ts';

const DEFINITION: EventDefinition = {
  name: 'bench.event',
  category: 'vfs',
  severity: Severity.INFO,
  description: 'An event to measure with.',
  value: { key: 'bench.duration', unit: 's', description: 'A duration.' },
  detail: { key: 'bench.size', unit: 'By', description: 'A size.' },
  labels: [{ key: 'bench.operation', description: 'An operation.' }],
  text: { key: 'bench.path', description: 'A path.' },
};

const EMITS = 4_000_000;
const CLOCK_EMITS = 1_000_000;
const TEXT_EMITS = 200_000;
/** Spans before the batches are exported: a quarter of what the queue holds. */
const SPANS = 512;
const SPAN_CHUNKS = 100;
const TWO_PRODUCERS_EMITS = 8_000_000;
const SCANS = 60;
/** Log-uniform from 17 us to 2.7 s, so that no branch can be learned. */
const VALUES = Float64Array.from({ length: 4096 }, () => Math.exp(Math.random() * 12 - 11));

const SPAN = 'startSpan().end()';
const PASSED = 'emit, time passed in';
const TRACED = 'emit, time and active trace';
const CLOCK = 'emit, reading the clock';
const FILTER = 'filter that all records pass';
const PERCENTILES = 'p50, p95 and p99';
const ONE = 'one producer thread';
const TWO = 'two producer threads';
const MEMORY = 'memory of a full stream';

function value(i: number): number {
  return VALUES[i & 4095] as number;
}

/** `startSpan().end()` in bursts that fit the queue; between them, not measured, the batches go out. */
function spanCost(): { cost: () => Promise<number>; active: Context } {
  const exporter: SpanExporter = {
    export: (_spans, done) => done({ code: ExportResultCode.SUCCESS }),
    shutdown: () => Promise.resolve(),
  };
  const processor = new BatchSpanProcessor({ exporter });
  const provider = new TracerProvider({ sampler: new AlwaysOnSampler(), spanProcessors: [processor] });
  const tracer = provider.getTracer('bench');
  const burst = (iterations: number): void => {
    for (let i = 0; i < iterations; i++) tracer.startSpan('bench').end();
  };
  const cost = async (): Promise<number> => {
    let sum = 0;
    for (let i = 0; i < SPAN_CHUNKS; i++) {
      sum += cpuNanosPerOp(SPANS, burst);
      await processor.forceFlush();
    }
    return sum / SPAN_CHUNKS;
  };
  return { cost, active: trace.setSpan(ROOT_CONTEXT, tracer.startSpan('active')) };
}

// The loops take what they use as arguments: from a closure it would be fetched for each event.

function emitPassed(iterations: number, handle: EventHandle, now: number): void {
  for (let i = 0; i < iterations; i++) handle.emit(now, i);
}

function emitTraced(iterations: number, handle: EventHandle, now: number): void {
  for (let i = 0; i < iterations; i++) handle.emit(now, i, 0, activeContext());
}

function emitRead(iterations: number, handle: EventHandle): void {
  for (let i = 0; i < iterations; i++) handle.emit(undefined, i);
}

function emitText(iterations: number, handle: EventHandle, now: number): void {
  for (let i = 0; i < iterations; i++) handle.emitText({ text: '/var/lib/service/data/file.txt', timeMs: now });
}

function readClock(iterations: number): void {
  for (let i = 0; i < iterations; i++) performance.now();
}

async function emitRows({ rounds, log }: BenchmarkOptions): Promise<Row[]> {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const span = spanCost();
  const stream = eventStream();
  const handle = stream.event(DEFINITION).bind({ 'bench.operation': 'read' });
  const disabled = stream.event({ ...DEFINITION, name: 'bench.disabled', category: 'wasm' });
  stream.setLevel(Severity.WARN, 'wasm');
  const now = performance.now();
  return interleave({
    variants: {
      [SPAN]: span.cost,
      [PASSED]: () => cpuNanosPerOp(EMITS, (n) => emitPassed(n, handle, now)),
      [TRACED]: () => context.with(span.active, () => cpuNanosPerOp(EMITS, (n) => emitTraced(n, handle, now))),
      [CLOCK]: () => cpuNanosPerOp(CLOCK_EMITS, (n) => emitRead(n, handle)),
      'emitText, 30 characters': () => cpuNanosPerOp(TEXT_EMITS, (n) => emitText(n, handle, now)),
      'emit, switched off by its level': () => cpuNanosPerOp(EMITS, (n) => emitPassed(n, disabled, now)),
      'performance.now() alone': () => cpuNanosPerOp(CLOCK_EMITS, readClock),
    },
    aa: SPAN,
    rounds,
    log,
  });
}

/** Over a full ring of the default size; the cost is that of a record that is looked at, so ns a record = us a 1000. */
async function queryRows({ rounds, log }: BenchmarkOptions): Promise<Row[]> {
  const stream = createEventStream();
  const handles = Array.from({ length: 10 }, (_, i) => stream.event({ ...DEFINITION, name: `bench.event_${i}` }));
  for (let i = 0; i < 70_000; i++) handles[i % 10]?.emit(performance.now(), value(i), i);
  const all = stream.query().where({ severity: Severity.DEBUG });
  const records = all.count();
  const scanCost = (run: () => unknown) => () =>
    cpuNanosPerOp(SCANS, (n) => {
      for (let i = 0; i < n; i++) run();
    }) / records;
  const since = performance.timeOrigin;
  return interleave({
    variants: {
      [PERCENTILES]: scanCost(() => all.percentiles([0.5, 0.95, 0.99])),
      [FILTER]: scanCost(() => all.count()),
      'filter that one in ten passes': scanCost(() => all.where({ name: 'bench.event_3' }).count()),
      'filter by time as well': scanCost(() => all.where({ since }).count()),
      'sum, mean, min and max': scanCost(() => all.summary()),
      'groups by name': scanCost(() => all.groupBy('name').groups()),
    },
    aa: PERCENTILES,
    rounds,
    unit: 'ns/record',
    log,
  });
}

async function producerRows({ rounds, log }: BenchmarkOptions): Promise<Row[]> {
  const producers = await Promise.all([ProducerThread.create(1), ProducerThread.create(2)]);
  const cost = async (running: readonly ProducerThread[]): Promise<number> => {
    const costs = await Promise.all(running.map((producer) => producer.emit(TWO_PRODUCERS_EMITS)));
    return costs.reduce((sum, one) => sum + one, 0) / running.length;
  };
  try {
    return await interleave({
      variants: { [ONE]: () => cost(producers.slice(0, 1)), [TWO]: () => cost(producers) },
      aa: ONE,
      rounds,
      warmup: 3,
      log,
    });
  } finally {
    await Promise.all(producers.map((producer) => producer.close()));
  }
}

async function memoryRows({ rounds, log }: BenchmarkOptions): Promise<Row[]> {
  const fresh = async (): Promise<number> => {
    const child = await childVariant(new URL('./memory-child.ts', import.meta.url), { execArgv: ['--expose-gc'] });
    try {
      return await child.round();
    } finally {
      await child.close();
    }
  };
  return interleave({
    variants: { [MEMORY]: fresh },
    aa: MEMORY,
    rounds: Math.min(rounds, 7),
    warmup: 0,
    unit: 'MB',
    log,
  });
}

function emitGates(rows: readonly Row[]): Gate[] {
  const against = (numerator: string, reach: string): Gate =>
    ratioGate({ gate: `${numerator}, against ${SPAN}`, rows, numerator, denominator: SPAN, reach });
  return [against(PASSED, '<= 0.01'), against(TRACED, '<= 0.0333'), against(CLOCK, '<= 0.0667')];
}

function medianOf(rows: readonly Row[], name: string): number {
  return rows.find((row) => row.name === name)?.median ?? Number.NaN;
}

export const benchmark: Benchmark = {
  name: 'event-stream',
  description: 'emitting an event beside startSpan().end(); filters and percentiles; two producers; memory',
  async run(options): Promise<BenchmarkResult> {
    const [emits, queries] = [await emitRows(options), await queryRows(options)];
    const [producers, memory] = [await producerRows(options), await memoryRows(options)];
    return {
      rows: [...emits, ...queries, ...producers, ...memory],
      gates: [
        ...emitGates(emits),
        absoluteGate({
          gate: 'filter, ns a record',
          reach: '<= 10',
          measured: medianOf(queries, FILTER),
          rows: queries,
        }),
        absoluteGate({
          gate: 'p50, p95 and p99, us per 1000 records',
          reach: '<= 5',
          measured: medianOf(queries, PERCENTILES),
          rows: queries,
        }),
        ratioGate({
          gate: `CPU of an emit, ${TWO} against one`,
          rows: producers,
          numerator: TWO,
          denominator: ONE,
          reach: '<= 1.15',
        }),
        absoluteGate({
          gate: 'memory of a full stream, shared and on the heap, MB',
          reach: '<= 14',
          measured: medianOf(memory, MEMORY),
          rows: memory,
        }),
      ],
    };
  },
};
