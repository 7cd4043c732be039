/**
 * What a span costs that is judged as it ends, how many are flagged when nothing is wrong, and what a look at 10,000
 * series costs.
 */
import type { HrTime, Span } from '@opentelemetry/api';
import { createAnomalyDetection } from '@sonde/anomaly-detection';
import {
  absoluteGate,
  type Benchmark,
  cpuNanosPerOp,
  exactGate,
  interleave,
  median,
  row,
} from '../../../benchmarks/rig.ts';
import { random } from '../../statistics/test/seed.ts';
import type { MetricRecord } from '../src/series/metric-data.ts';

const SPANS = 1_000_000;
const OPERATIONS = 50;
/** Spans whose flags are counted, a family, after as many have been learned. */
const STATIONARY = 400_000;
const SERIES = 10_000;
/** Looks before those that are measured: detectors speak, and refit their tails less often, after 50 points. */
const LEARNING = 150;
const LOOKS = 15;
const INTERVAL_MS = 10_000;
const OURS = 'a span, judged';
const BARE = 'a span, its duration read';

interface FakeSpan {
  readonly name: string;
  readonly kind: number;
  readonly status: { readonly code: number };
  readonly attributes: Record<string, unknown>;
  duration: HrTime;
  setAttribute(key: string, value: unknown): void;
}

const next = random(1);
const normal = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());

/** Latencies in seconds. */
const FAMILIES: Readonly<Record<string, () => number>> = {
  exponential: () => -0.01 * Math.log(1 - next()),
  'log-normal': () => 0.01 * Math.exp(normal()),
  Pareto: () => 0.005 * (1 - next()) ** (-1 / 2.5),
  bimodal: () => (next() < 0.9 ? 0.002 * Math.exp(0.3 * normal()) : 0.05 * Math.exp(0.5 * normal())),
};

function fakeSpan(name: string, seconds: number): FakeSpan {
  const whole = Math.floor(seconds);
  return {
    name,
    kind: 1,
    status: { code: 0 },
    attributes: {},
    duration: [whole, Math.round((seconds - whole) * 1e9)],
    setAttribute: () => {},
  };
}

function quietDetection() {
  let nowMs = 0;
  const detection = createAnomalyDetection(
    { intervalMs: INTERVAL_MS, hotMetrics: 'never', watchEvents: false, sampleMemory: false },
    { now: () => nowMs, every: () => () => {} },
  );
  return {
    detection,
    look: (): Promise<void> => {
      nowMs += INTERVAL_MS;
      return detection.look();
    },
  };
}

/** The share of spans that are flagged of a family, once it has been learned. */
function flaggedShare(latency: () => number): number {
  const { spanProcessor } = quietDetection().detection;
  let flagged = 0;
  const countFlag = (key: string): void => {
    if (key === 'sonde.anomaly.score') flagged++;
  };
  for (let i = 0; i < 2 * STATIONARY; i++) {
    const span = fakeSpan('GET /users', latency());
    if (i >= STATIONARY) span.setAttribute = countFlag;
    spanProcessor.onEnding(span as unknown as Span);
  }
  return flagged / STATIONARY;
}

/** CPU of a look at gauges that all have varied, as a share of one core at the default interval. */
async function costOfLooks(): Promise<number[]> {
  const self = quietDetection();
  const dataPoints = Array.from({ length: SERIES }, (_, i) => ({ attributes: { shard: i }, value: 0 }));
  const metric: MetricRecord = {
    descriptor: { name: 'bench.level', unit: '1' },
    aggregationTemporality: 1,
    dataPointType: 2,
    dataPoints,
  };
  const scopeMetrics = [{ scope: { name: 'bench' }, metrics: [metric] }];
  self.detection.metricReader.setMetricProducer({
    collect: async () => ({ resourceMetrics: { scopeMetrics }, errors: [] }) as never,
  });
  const shares: number[] = [];
  for (let look = 0; look < LEARNING + LOOKS; look++) {
    for (const point of dataPoints) point.value = 100 + normal();
    const before = process.cpuUsage();
    await self.look();
    const { user, system } = process.cpuUsage(before);
    if (look >= LEARNING) shares.push((user + system) / 1000 / INTERVAL_MS);
  }
  await self.detection.shutdown();
  return shares;
}

export const benchmark: Benchmark = {
  name: 'span-anomaly',
  description: 'judging spans as they end, flags on stationary latencies, and a look at 10,000 series',
  async run({ rounds, log }) {
    const { spanProcessor } = quietDetection().detection;
    const latency = FAMILIES['log-normal'] as () => number;
    const spans = Array.from({ length: 8192 }, (_, i) => fakeSpan(`GET /area/${i % OPERATIONS}`, latency()));
    let seconds = 0;
    const judged = (): number =>
      cpuNanosPerOp(SPANS, (n) => {
        for (let i = 0; i < n; i++) spanProcessor.onEnding(spans[i & 8191] as unknown as Span);
      });
    const bare = (): number =>
      cpuNanosPerOp(SPANS, (n) => {
        for (let i = 0; i < n; i++) seconds += (spans[i & 8191] as FakeSpan).duration[1];
      });
    const rows = await interleave({ variants: { [BARE]: bare, [OURS]: judged }, aa: OURS, rounds, log, warmup: 3 });
    const shares = Object.entries(FAMILIES).map(([name, family]) => ({ name, share: flaggedShare(family) }));
    const looks = await costOfLooks();
    const medianOf = (wanted: string): number => rows.find(({ name }) => name === wanted)?.median ?? Number.NaN;
    return {
      rows: [
        ...rows,
        ...shares.map(({ name, share }) => row(`spans flagged, ${name}`, [share], '1')),
        row(`a look at ${SERIES} series every ${INTERVAL_MS / 1000} s, share of a core`, looks, '1'),
        row('seconds read, so that nothing is optimised away', [Math.sign(seconds)], '1'),
      ],
      gates: [
        absoluteGate({
          gate: 'judging a span, ns of CPU',
          reach: '<= 30',
          measured: medianOf(OURS) - medianOf(BARE),
          rows,
        }),
        ...shares.flatMap(({ name, share }) => [
          exactGate(`spans flagged, ${name}`, '<= 2e-4', share),
          exactGate(`spans flagged, ${name}`, '>= 5e-5', share),
        ]),
        exactGate('a look at 10,000 series every 10 s, share of a core', '<= 0.002', median(looks)),
      ],
    };
  },
};
