/** Samplers beside each other in the same traffic, each set so that it keeps as much as AdaptiveSampler does. */
import { adaptive } from './adaptive.ts';
import { datadog, emaThroughput, rateLimiting, windowedThroughput } from './peers.ts';
import { BUDGET, SCENARIOS, WARM_UP_SECONDS } from './scenarios.ts';
import { awsXray, composite, jaegerRemote, parentBased, traceIdRatioBased } from './sdk-peers.ts';
import { type Create, type Durations, type Estimate, type Outcome, simulate } from './simulate.ts';
import type { Workload } from './workload.ts';

/** The volume counts as equal within this. */
const VOLUME_TOLERANCE = 0.02;
const MAX_CALIBRATIONS = 5;
const RARE_KEY = 12;
const COUNTING = { rareKey: RARE_KEY, countFromSeconds: WARM_UP_SECONDS };
const QUANTILES = [0.5, 0.95, 0.99] as const;

/** What one sampler did in one workload. */
export interface Figures {
  /** Kept, as a part of what AdaptiveSampler kept. */
  readonly volume: number;
  /** Mean over seconds of |kept - budget| / budget; seconds with less traffic than the budget count against what there was. */
  readonly budgetError: number;
  /** The worst second, times the budget. */
  readonly worstSecond: number;
  /** Part of the budget (or of the traffic, where that is less) that was not used. */
  readonly unused: number;
  readonly coverage: number;
  /** Relative errors of estimates; NaN where kept spans say nothing of their probability. */
  readonly totalError: number;
  readonly rareError: number;
  readonly errorsError: number;
  readonly spansError: number;
  readonly p50Error: number;
  readonly p95Error: number;
  readonly p99Error: number;
}

export interface Run {
  readonly figures: Figures;
  readonly outcome: Outcome;
}

interface Peer {
  readonly name: string;
  /** A sampler that is asked for `goal` traces a second, as far as it can be asked. */
  create(goal: number, workload: Workload): Create;
}

function meanRate({ rate, seconds, bursts }: Workload): number {
  let sum = 0;
  for (let t = 0.5; t < seconds; t += 1) sum += rate(t);
  const { factor, everySeconds, lastSeconds } = bursts ?? { factor: 1, everySeconds: 1, lastSeconds: 1 };
  return ((sum / seconds) * (everySeconds + factor * lastSeconds)) / (everySeconds + lastSeconds);
}

const probability = (goal: number, workload: Workload): number => Math.min(1, goal / meanRate(workload));

const PEERS: readonly Peer[] = [
  { name: 'TraceIdRatioBased', create: (goal, workload) => traceIdRatioBased(probability(goal, workload)) },
  { name: 'ParentBased', create: (goal, workload) => parentBased(probability(goal, workload)) },
  { name: 'sampler-composite', create: (goal, workload) => composite(probability(goal, workload)) },
  {
    name: 'sampler-jaeger-remote',
    create: (goal, workload) => jaegerRemote(goal / workload.keys, Math.min(1, goal / workload.rate(0))),
  },
  { name: 'sampler-aws-xray', create: awsXray },
  { name: 'EMAThroughput', create: (goal) => emaThroughput(goal) },
  { name: 'WindowedThroughput', create: (goal) => windowedThroughput(goal) },
  { name: 'Java rate limiter', create: (goal) => rateLimiting(goal) },
  { name: 'Datadog core sampler', create: datadog },
];

export const OURS = 'AdaptiveSampler';
export const NAMES: readonly string[] = [OURS, ...PEERS.map(({ name }) => name)];

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
const relative = ({ truth, estimated }: Estimate): number =>
  truth === 0 ? Number.NaN : Math.abs(estimated - truth) / truth;

/** Relative errors of quantiles from weighted samples. */
function quantileErrors({ all, kept }: Durations): number[] {
  const truth = Float64Array.from(all).sort();
  const sample = [...kept].sort((a, b) => a.durationMs - b.durationMs);
  const total = sample.reduce((weight, one) => weight + one.weight, 0);
  return QUANTILES.map((q) => {
    const exact = truth[Math.ceil(q * truth.length) - 1]!;
    let weight = 0;
    const found = sample.find((one) => {
      weight += one.weight;
      return weight >= q * total;
    });
    return found === undefined ? Number.NaN : Math.abs(found.durationMs - exact) / exact;
  });
}

function figuresOf(outcome: Outcome, ourVolume: number): Figures {
  const seconds = [...outcome.kept]
    .map((kept, n) => ({ kept, due: Math.min(BUDGET, outcome.seen[n]!) }))
    .slice(WARM_UP_SECONDS);
  const due = seconds.reduce((total, one) => total + one.due, 0);
  const missed = seconds.reduce((total, one) => total + Math.max(0, one.due - one.kept), 0);
  const strayed = seconds.reduce((total, one) => total + Math.abs(one.kept - one.due), 0);
  const [p50Error, p95Error, p99Error] = quantileErrors(outcome.durations) as [number, number, number];
  return {
    volume: sum(outcome.kept) / ourVolume,
    budgetError: strayed / due,
    worstSecond: Math.max(...seconds.map(({ kept }) => kept)) / BUDGET,
    unused: missed / due,
    coverage: outcome.coveredKeyMinutes / outcome.keyMinutes,
    totalError: relative(outcome.total),
    rareError: relative(outcome.rare),
    errorsError: relative(outcome.errors),
    spansError: relative(outcome.spans),
    p50Error,
    p95Error,
    p99Error,
  };
}

/** Runs a peer with other goals until it keeps as much as we did; a secant in logarithms. */
function atEqualVolume(peer: Peer, workload: Workload, options: { seed: number; volume: number }): Outcome {
  const { seed, volume } = options;
  let goal = BUDGET;
  let best: Outcome | undefined;
  const distance = ({ kept }: Outcome): number => Math.abs(Math.log(sum(kept) / volume));
  for (let n = 0; n < MAX_CALIBRATIONS; n += 1) {
    const outcome = simulate(peer.create(goal, workload), workload, { seed, ...COUNTING });
    if (best === undefined || distance(outcome) < distance(best)) best = outcome;
    if (distance(outcome) <= VOLUME_TOLERANCE) break;
    goal *= Math.min(8, Math.max(1 / 8, volume / Math.max(1, sum(outcome.kept))));
  }
  return best!;
}

/** Every sampler in one workload. */
export function compare(workload: Workload, seed: number): Map<string, Run> {
  const ours = simulate(adaptive({ tracesPerSecond: BUDGET }), workload, { seed, ...COUNTING });
  const volume = sum(ours.kept);
  const runs = new Map<string, Run>([[OURS, { outcome: ours, figures: figuresOf(ours, volume) }]]);
  for (const peer of PEERS) {
    const outcome = atEqualVolume(peer, workload, { seed, volume });
    runs.set(peer.name, { outcome, figures: figuresOf(outcome, volume) });
  }
  return runs;
}

/** Every sampler in every workload. */
export function compareAll(seed: () => number, log: (line: string) => void): Map<string, Map<string, Run>> {
  const results = new Map<string, Map<string, Run>>();
  for (const [scenario, workload] of Object.entries(SCENARIOS)) {
    results.set(scenario, compare(workload, seed()));
    log(`compared: ${scenario}`);
  }
  return results;
}
