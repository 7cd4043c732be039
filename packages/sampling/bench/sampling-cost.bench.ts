/**
 * What a decision costs: CPU beside the samplers of the SDK, and bytes on the drop path.
 */

import { randomBytes } from 'node:crypto';
import { type Attributes, ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { ParentBasedSampler, type Sampler, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace';
import { AdaptiveSampler } from '@sonde/sampling';
import { type Benchmark, cpuNanosPerOp, exactGate, interleave, ratioGate, row } from '../../../benchmarks/rig.ts';

const IDS = Array.from({ length: 4096 }, () => randomBytes(16).toString('hex'));
const PATHS = Array.from({ length: 64 }, (_, n) => `/shop/area${String.fromCharCode(97 + (n % 26))}/item/${n * 7919}`);
const REQUESTS: readonly Attributes[] = PATHS.map((path) => ({
  'http.request.method': 'GET',
  'url.path': path,
  'url.scheme': 'http',
  'server.address': '127.0.0.1',
}));
const NO_LINKS: never[] = [];
const ITERATIONS = 300_000;

/** Decisions about requests to 64 paths; all but some 1 % are dropped. */
function decide(sampler: Sampler, iterations: number): number {
  let kept = 0;
  for (let i = 0; i < iterations; i += 1) {
    const attributes = REQUESTS[i & 63]!;
    const id = IDS[i & 4095]!;
    kept += sampler.shouldSample(ROOT_CONTEXT, id, 'GET', SpanKind.SERVER, attributes, NO_LINKS).decision;
  }
  return kept;
}

/** Bytes a dropped decision allocates: growth of the heap over a run without a collection, the smallest of some runs. */
function bytesPerDrop(sampler: Sampler): number {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 20; run += 1) {
    const before = process.memoryUsage().heapUsed;
    decide(sampler, 50_000);
    const grown = process.memoryUsage().heapUsed - before;
    if (grown >= 0) least = Math.min(least, grown / 50_000);
  }
  return least;
}

export const benchmark: Benchmark = {
  name: 'sampling-cost',
  description: 'CPU and bytes of one sampling decision, beside TraceIdRatioBased of the SDK',
  async run({ rounds, log }) {
    // A budget that drops nearly everything at the rate of this loop.
    const adaptive = new AdaptiveSampler({ tracesPerSecond: 10 });
    const ratio = new TraceIdRatioBasedSampler(0.01);
    const parentBased = new ParentBasedSampler({ root: ratio });
    const variant = (sampler: Sampler) => (): number => cpuNanosPerOp(ITERATIONS, (n) => decide(sampler, n));
    const rows = await interleave({
      variants: {
        TraceIdRatioBased: variant(ratio),
        'ParentBased(TraceIdRatioBased)': variant(parentBased),
        AdaptiveSampler: variant(adaptive),
      },
      aa: 'TraceIdRatioBased',
      rounds,
      log,
      warmup: 3,
    });
    const bytes = bytesPerDrop(adaptive);
    adaptive.shutdown();
    return {
      rows: [...rows, row('AdaptiveSampler, bytes a dropped decision', [bytes], 'B')],
      gates: [
        ratioGate({
          gate: 'a decision against TraceIdRatioBased',
          rows,
          numerator: 'AdaptiveSampler',
          denominator: 'TraceIdRatioBased',
          reach: '<= 0.7',
        }),
        exactGate('bytes allocated by a dropped decision', '< 0.5', bytes),
      ],
    };
  },
};
