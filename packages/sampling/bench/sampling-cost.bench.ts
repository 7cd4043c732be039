/**
 * What a decision and a whole span cost, in CPU and in bytes, beside the samplers of OpenTelemetry JS from npm; all drop
 * some 99 %. Samplers of other languages are left out: written anew in TypeScript they would say nothing of the originals.
 */
import { randomBytes } from 'node:crypto';
import { type Attributes, ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { createComposableProbabilitySampler, createCompositeSampler } from '@opentelemetry/sampler-composite';
import { ParentBasedSampler, type Sampler, TraceIdRatioBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import { AdaptiveSampler } from '@sonde/sampling';
import {
  type Benchmark,
  cpuNanosPerOp,
  exactGate,
  interleave,
  median,
  type Row,
  ratioGate,
  row,
} from '../../../benchmarks/rig.ts';
import { createAwsXray, createJaegerRemote } from './simulation/sdk-peers.ts';

const IDS = Array.from({ length: 4096 }, () => randomBytes(16).toString('hex'));
const PATHS = Array.from({ length: 64 }, (_, n) => `/shop/area${String.fromCharCode(97 + (n % 26))}/item/${n * 7919}`);
const REQUESTS: readonly Attributes[] = PATHS.map((path) => ({
  'http.request.method': 'GET',
  'url.path': path,
  'url.scheme': 'http',
  'server.address': '127.0.0.1',
}));
const NO_LINKS: never[] = [];
const DECISIONS = 300_000;
const SPANS = 60_000;
const RATIO = 0.01;
const PEER = 'TraceIdRatioBased';
const OURS = 'AdaptiveSampler';

type Deciding = Pick<Sampler, 'shouldSample'>;

/** Decisions about requests to 64 paths; all but some 1 % are dropped. */
function decide(sampler: Deciding, iterations: number): number {
  let kept = 0;
  for (let i = 0; i < iterations; i += 1) {
    const attributes = REQUESTS[i & 63]!;
    const id = IDS[i & 4095]!;
    kept += sampler.shouldSample(ROOT_CONTEXT, id, 'GET', SpanKind.SERVER, attributes, NO_LINKS).decision;
  }
  return kept;
}

/** Root spans, begun and ended, without a processor. */
function spansWith(sampler: Deciding): (iterations: number) => void {
  const tracer = new TracerProvider({ sampler: sampler as Sampler }).getTracer('bench');
  return (iterations) => {
    for (let i = 0; i < iterations; i += 1) {
      tracer.startSpan('GET', { kind: SpanKind.SERVER, attributes: REQUESTS[i & 63]! }, ROOT_CONTEXT).end();
    }
  };
}

const HEAP_RUNS = 101;

/** Bytes an operation allocates: how much the heap grows, the median of runs short enough that few meet a collection. */
function bytesPerOp(iterations: number, run: (iterations: number) => void): number {
  const growths = Array.from({ length: HEAP_RUNS }, () => {
    const before = process.memoryUsage().heapUsed;
    run(iterations);
    return (process.memoryUsage().heapUsed - before) / iterations;
  });
  return median(growths);
}

interface Samplers {
  readonly all: Readonly<Record<string, Deciding>>;
  close(): void;
}

function createSamplers(): Samplers {
  // A budget that drops nearly everything at the rate of this loop.
  const adaptive = new AdaptiveSampler({ tracesPerSecond: 10 });
  const jaeger = createJaegerRemote(RATIO);
  jaeger.update(new Map([['GET', RATIO]]));
  const xray = createAwsXray();
  xray.update(10, RATIO);
  return {
    all: {
      [PEER]: new TraceIdRatioBasedSampler(RATIO),
      ParentBased: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(RATIO) }),
      'sampler-composite': createCompositeSampler(createComposableProbabilitySampler(RATIO)),
      'sampler-jaeger-remote': jaeger.sampler,
      'sampler-aws-xray': xray.sampler,
      [OURS]: adaptive,
    },
    close: () => {
      adaptive.shutdown();
      xray.sampler.stopPollers();
    },
  };
}

function byteRows(samplers: Samplers): Row[] {
  return Object.entries(samplers.all).flatMap(([name, sampler]) => [
    row(`${name}, bytes a decision`, [bytesPerOp(5000, (n) => decide(sampler, n))], 'B'),
    row(`${name}, bytes a span`, [bytesPerOp(500, spansWith(sampler))], 'B'),
  ]);
}

export const benchmark: Benchmark = {
  name: 'sampling-cost',
  description: 'CPU and bytes of a sampling decision and of a span, beside the samplers of OpenTelemetry JS',
  async run({ rounds, log }) {
    const samplers = createSamplers();
    const decisions = await interleave({
      variants: Object.fromEntries(
        Object.entries(samplers.all).map(([name, sampler]) => [
          name,
          (): number => cpuNanosPerOp(DECISIONS, (n) => decide(sampler, n)),
        ]),
      ),
      aa: PEER,
      rounds,
      log,
      warmup: 3,
    });
    const spans = await interleave({
      variants: Object.fromEntries(
        Object.entries(samplers.all).map(([name, sampler]) => {
          const run = spansWith(sampler);
          return [`a span with ${name}`, (): number => cpuNanosPerOp(SPANS, run)];
        }),
      ),
      aa: `a span with ${PEER}`,
      rounds,
      log,
      warmup: 3,
    });
    const bytes = byteRows(samplers);
    samplers.close();
    const dropped = bytes.find(({ name }) => name === `${OURS}, bytes a decision`)!;
    return {
      rows: [...decisions, ...spans, ...bytes],
      gates: [
        ratioGate({
          gate: `a decision against ${PEER}`,
          rows: decisions,
          numerator: OURS,
          denominator: PEER,
          reach: '<= 0.7',
        }),
        exactGate('bytes allocated by a dropped decision', '< 0.5', dropped.median),
      ],
    };
  },
};
