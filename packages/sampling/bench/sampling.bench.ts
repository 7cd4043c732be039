/**
 * How well a head sampler holds a budget, represents keys and keeps counts true: simulated traffic under a virtual clock,
 * on seeds drawn fresh at each run. `SONDE_BENCH_SEED` repeats one.
 */
import { randomInt } from 'node:crypto';
import { type Benchmark, exactGate, type Gate, median, type Row, row } from '../../../benchmarks/rig.ts';
import { adaptive } from './simulation/adaptive.ts';
import { saveCharts } from './simulation/charts.ts';
import { compareAll, type Figures, NAMES } from './simulation/comparison.ts';
import { emaThroughput, rateLimiting, ratio } from './simulation/peers.ts';
import { type Create, type Estimate, type Outcome, simulate } from './simulation/simulate.ts';
import { bursty, type Workload } from './simulation/workload.ts';

const BUDGET = 100;
/** Mean of |X - B| / B for a Poisson X with mean 100: 2 e^-B B^(B+1) / B! / B. */
const POISSON_FLOOR = 0.0797;
const sum = (values: Float64Array, from = 0, to = values.length): number =>
  values.subarray(from, to).reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0) / values.length;

interface Part {
  readonly rows: readonly Row[];
  readonly gates: readonly Gate[];
}

const step: Workload = { seconds: 90, rate: (t) => (t < 60 ? 1000 : 10_000), maxRate: 10_000, keys: 200, skew: 1.1 };
const cold: Workload = { seconds: 15, rate: () => 10_000, maxRate: 10_000, keys: 200, skew: 1.1 };
const diurnal: Workload = {
  seconds: 660,
  rate: (t) => 1000 * (1 + 0.8 * Math.sin((2 * Math.PI * t) / 600)),
  maxRate: 1800,
  keys: 200,
  skew: 1.1,
};
const flood: Workload = { seconds: 240, rate: () => 2000, maxRate: 2000, keys: 200, skew: 1.1, uniqueShare: 0.3 };
const SKEWS = [0.8, 1.1, 1.4];
const wide = (keys: number, skew: number): Workload => ({ seconds: 240, rate: () => 2000, maxRate: 2000, keys, skew });

/** Seconds from `from` on until five seconds in a row are within 30 % of the budget. */
function settling({ kept }: Outcome, from: number): number {
  for (let s = from; s + 5 <= kept.length; s += 1) {
    if (kept.subarray(s, s + 5).every((count) => Math.abs(count - BUDGET) <= 0.3 * BUDGET)) return s - from;
  }
  return kept.length - from;
}

function stepPart(seed: () => number): Part {
  const seeds = Array.from({ length: 40 }, seed);
  const runs = (create: Create, count: number): Outcome[] =>
    seeds.slice(0, count).map((one) => simulate(create, step, { seed: one }));
  const excess = ({ kept }: Outcome): number => sum(kept, 60) - 30 * BUDGET;
  const ours = runs(adaptive({ tracesPerSecond: BUDGET }), 40);
  const peers = { EMAThroughput: emaThroughput(BUDGET), 'keyless rate limiting': rateLimiting(BUDGET) };
  const peerRows = Object.entries(peers).map(([name, create]) =>
    row(`${name}: net excess, 30 s after a 10x step`, runs(create, 5).map(excess), '{trace}'),
  );
  const settled = ours.map((outcome) => settling(outcome, 60));
  const worst = ours.map(({ kept }) => Math.max(...kept.subarray(60)) / BUDGET);
  const net = ours.map(excess);
  return {
    rows: [
      row('AdaptiveSampler: net excess, 30 s after a 10x step', net, '{trace}'),
      row('AdaptiveSampler: seconds to +-30 % for 5 s', settled, 's'),
      row('AdaptiveSampler: worst second', worst, 'x budget'),
      ...peerRows,
    ],
    gates: [
      exactGate('10x step: mean net excess in 30 s, absolute, of 40 seeds', '<= 15', Math.abs(mean(net))),
      exactGate('10x step: net excess in 30 s, worst seed', '<= 100', Math.max(...net.map(Math.abs))),
      exactGate('10x step: seconds to +-30 % for 5 s, median seed', '<= 2', median(settled)),
      exactGate('10x step: worst second of any seed, times the budget', '<= 2', Math.max(...worst)),
    ],
  };
}

function loadPart(seed: () => number): Part {
  const create = adaptive({ tracesPerSecond: BUDGET });
  const first = Array.from({ length: 20 }, () => simulate(create, cold, { seed: seed() }));
  const coldWorst = first.map(({ kept }) => Math.max(...kept) / BUDGET);
  const errors = Array.from({ length: 5 }, () => {
    const { kept } = simulate(create, diurnal, { seed: seed() });
    const seconds = [...kept.subarray(60)];
    return mean(seconds.map((count) => Math.abs(count - BUDGET) / BUDGET)) / POISSON_FLOOR;
  });
  const floods = Array.from({ length: 3 }, () => {
    const { kept } = simulate(create, flood, { seed: seed() });
    return sum(kept, 60) / 180 / BUDGET;
  });
  return {
    rows: [
      row('AdaptiveSampler: worst second after a cold start at 100x', coldWorst, 'x budget'),
      row('AdaptiveSampler: error a second in diurnal load', errors, 'x Poisson floor'),
      row('AdaptiveSampler: kept with 30 % unique keys', floods, 'x budget'),
    ],
    gates: [
      exactGate('cold start at 100x: worst second of any seed, times the budget', '<= 3', Math.max(...coldWorst)),
      exactGate('diurnal: error a second, times the Poisson floor, mean of 5 seeds', '<= 1.3', mean(errors)),
      exactGate(
        '30 % unique keys: distance from the budget',
        '<= 0.05',
        Math.max(...floods.map((kept) => Math.abs(kept - 1))),
      ),
    ],
  };
}

function coveragePart(seed: () => number): Part {
  const covered = ({ coveredKeyMinutes, keyMinutes }: Outcome): number => coveredKeyMinutes / keyMinutes;
  const at = (budget: number, keys: number): number[] =>
    SKEWS.map((skew) =>
      covered(simulate(adaptive({ tracesPerSecond: budget }), wide(keys, skew), { seed: seed(), warmUpSeconds: 60 })),
    );
  const within = at(2 * BUDGET, 1000);
  const scarce = at(BUDGET, 1000);
  const crowded = SKEWS.map((skew) => {
    const one = seed();
    const load = wide(2000, skew);
    const options = { seed: one, warmUpSeconds: 60 };
    const ours = simulate(adaptive({ tracesPerSecond: BUDGET }), load, options);
    // The same volume without keys: the fixed ratio that keeps as much of the same traffic.
    const keyless = simulate(ratio(sum(ours.kept) / sum(ours.seen)), load, options);
    return { ours: covered(ours), keyless: covered(keyless) };
  });
  return {
    rows: [
      row('AdaptiveSampler: key-minutes covered, 1000 keys, 200/s', within, '1'),
      row('AdaptiveSampler: key-minutes covered, 1000 keys, 100/s', scarce, '1'),
      row(
        'AdaptiveSampler: key-minutes covered, 2000 keys, 100/s',
        crowded.map(({ ours }) => ours),
        '1',
      ),
      row(
        'fixed ratio: key-minutes covered, 2000 keys, the same volume',
        crowded.map(({ keyless }) => keyless),
        '1',
      ),
    ],
    gates: [
      exactGate('coverage of 1000 keys at 200/s, the least of three skews', '>= 1', Math.min(...within)),
      exactGate('coverage of 1000 keys at 100/s, the least of three skews', '>= 0.995', Math.min(...scarce)),
      exactGate(
        'coverage of 2000 keys beyond a keyless sampler of equal volume, least of three skews',
        '>= 0',
        Math.min(...crowded.map(({ ours, keyless }) => ours - keyless)),
      ),
    ],
  };
}

/** So many that chance alone fails a gate in fewer than one run of a hundred: 2 SE of the errors are a third of the limit. */
const BIAS_SEEDS = 6000;
/** Mean and standard error of the relative error of estimates. */
function biasOf(estimates: readonly Estimate[]): { bias: number; standardError: number } {
  const truth = mean(estimates.map((estimate) => estimate.truth));
  const errors = estimates.map((estimate) => (estimate.estimated - estimate.truth) / truth);
  const bias = mean(errors);
  const variance = mean(errors.map((error) => (error - bias) ** 2));
  return { bias, standardError: Math.sqrt(variance / errors.length) };
}

function biasPart(seed: () => number): Part {
  // Fewer slots than keys, so that keys share slots and give theirs away.
  const create = adaptive({ tracesPerSecond: 150, maxKeys: 32 });
  const runs = Array.from({ length: BIAS_SEEDS }, () => simulate(create, bursty, { seed: seed(), rareKey: 30 }));
  const parts = [
    { what: 'totals', reach: '<= 0.005', ...biasOf(runs.map(({ total }) => total)) },
    { what: 'a rare key', reach: '<= 0.015', ...biasOf(runs.map(({ rare }) => rare)) },
    { what: 'errors', reach: '<= 0.005', ...biasOf(runs.map(({ errors }) => errors)) },
  ];
  return {
    rows: parts.flatMap(({ what, bias, standardError }) => [
      row(`AdaptiveSampler: bias of ${what}`, [bias], '1'),
      row(`AdaptiveSampler: standard error of that`, [standardError], '1'),
    ]),
    gates: parts.flatMap(({ what, reach, bias, standardError }) => [
      exactGate(`bias of ${what}, ${BIAS_SEEDS} seeds: absolute + 2 SE`, reach, Math.abs(bias) + 2 * standardError),
      exactGate(`bias of ${what}, ${BIAS_SEEDS} seeds: z`, '<= 4', Math.abs(bias) / standardError),
    ]),
  };
}

const FIGURES: Readonly<Record<keyof Figures, readonly [label: string, unit: string]>> = {
  volume: ['kept volume', 'x AdaptiveSampler'],
  budgetError: ['mean error a second', 'x budget'],
  worstSecond: ['worst second', 'x budget'],
  unused: ['unused budget', '1'],
  coverage: ['key-minutes covered', '1'],
  totalError: ['error of the total', '1'],
  rareError: ['error of a rare key', '1'],
  errorsError: ['error of the error count', '1'],
  spansError: ['error of the span count', '1'],
  p50Error: ['error of p50', '1'],
  p95Error: ['error of p95', '1'],
  p99Error: ['error of p99', '1'],
};

/** All samplers in all scenarios: one row for each sampler and figure, one value for each scenario. */
function comparisonPart(seed: () => number, log: (line: string) => void, base: number): Part {
  const results = compareAll(seed, log);
  const scenarios = [...results.keys()];
  if (process.argv.includes('--save')) {
    for (const path of saveCharts(results, base)) log(`wrote ${path}`);
  }
  log(`a value for each of: ${scenarios.join('; ')}`);
  const rows = NAMES.flatMap((name) =>
    Object.entries(FIGURES).map(([figure, [label, unit]]) =>
      row(
        `compared, ${name}: ${label}`,
        scenarios.map((scenario) => results.get(scenario)!.get(name)!.figures[figure as keyof Figures]),
        unit,
      ),
    ),
  );
  return { rows, gates: [] };
}

export const benchmark: Benchmark = {
  name: 'sampling',
  description: 'budget, fairness and bias of the head sampler in simulated traffic, beside other samplers',
  async run({ log }) {
    const base = Number(process.env.SONDE_BENCH_SEED ?? randomInt(1, 2 ** 31));
    log(`seed ${base} (SONDE_BENCH_SEED repeats it)`);
    let n = 0;
    const seed = (): number => (base + Math.imul(++n, 0x9e3779b1)) | 0;
    const parts: Part[] = [];
    for (const part of [stepPart, loadPart, coveragePart, biasPart]) {
      parts.push(part(seed));
      log(`${part.name} done`);
    }
    parts.push(comparisonPart(seed, log, base));
    return { rows: parts.flatMap(({ rows }) => rows), gates: parts.flatMap(({ gates }) => gates) };
  },
};
