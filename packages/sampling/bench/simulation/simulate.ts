import { chance } from './random.ts';
import { arrivals, lastingKeys, type Workload } from './workload.ts';

/** A sampler as the simulator sees it. */
export interface SimulatedSampler {
  readonly name: string;
  /**
   * Decides about a trace. Returns 0 when it is dropped, else what it counts for (its adjusted count), NaN where the
   * sampler says nothing from which that follows.
   * @param randomness 14 hex digits
   */
  offer(key: number, randomness: string, nowMs: number): number;
  /** Called each virtual second. */
  tick(nowMs: number): void;
  /** The run is over. */
  end?(): void;
}

/** Starts a sampler for one run. */
export type Create = (nowMs: number, random: () => number) => SimulatedSampler;

/** What came out of one run. */
export interface Outcome {
  /** Traces that began, were kept, in each second. */
  readonly seen: Float64Array;
  readonly kept: Float64Array;
  /** (Key, minute) pairs with traffic, and those of them of which something was kept; unique keys left out. */
  readonly keyMinutes: number;
  readonly coveredKeyMinutes: number;
  /** Truth and estimates of all traces, of the key `rareKey`, and of errors. */
  readonly total: Estimate;
  readonly rare: Estimate;
  readonly errors: Estimate;
  readonly spans: Estimate;
  /** Durations, where the workload has any: of all traces, and of those kept with their weights. */
  readonly durations: Durations;
}

export interface Durations {
  readonly all: number[];
  readonly kept: { readonly durationMs: number; readonly weight: number }[];
}

export interface Estimate {
  truth: number;
  estimated: number;
}

export interface RunOptions {
  readonly seed: number;
  /** The key whose count is estimated apart. */
  readonly rareKey?: number;
  /** Coverage counts from this second on. Default 0. */
  readonly warmUpSeconds?: number;
  /** Nothing at all counts before this second. Default 0. */
  readonly countFromSeconds?: number;
}

const SECONDS_A_MINUTE = 60;

/** Runs a workload through a sampler under a virtual clock. */
export function simulate(
  create: Create,
  workload: Workload,
  { seed, rareKey = -1, warmUpSeconds = 0, countFromSeconds = 0 }: RunOptions,
): Outcome {
  const traffic = chance(seed);
  const decisions = chance(seed ^ 0x5bd1e995);
  const sampler = create(0, chance(seed ^ 0x1b873593).next);
  const seen = new Float64Array(Math.ceil(workload.seconds));
  const kept = new Float64Array(seen.length);
  const counts: [total: Estimate, rare: Estimate, errors: Estimate, spans: Estimate] = [
    { truth: 0, estimated: 0 },
    { truth: 0, estimated: 0 },
    { truth: 0, estimated: 0 },
    { truth: 0, estimated: 0 },
  ];
  const minutes = Math.ceil(workload.seconds / SECONDS_A_MINUTE);
  const keys = lastingKeys(workload);
  const coverage = new Uint8Array(minutes * keys);
  const durations: Durations = { all: [], kept: [] };
  let second = 0;
  arrivals(workload, traffic, (t, key) => {
    while (second + 1 <= t) {
      second += 1;
      sampler.tick(second * 1000);
    }
    const isError = workload.errorShare !== undefined && traffic.next() < workload.errorShare(key, t);
    const spans = workload.spans?.(traffic) ?? 1;
    const durationMs = workload.latencyMs?.(key, t, traffic.normal());
    const weight = sampler.offer(key, decisions.randomness(), t * 1000);
    if (t < countFromSeconds) return;
    const slot = Math.floor(t);
    seen[slot]! += 1;
    if (weight !== 0) kept[slot]! += 1;
    if (durationMs !== undefined) {
      durations.all.push(durationMs);
      if (weight !== 0) durations.kept.push({ durationMs, weight });
    }
    const counted = [1, key === rareKey ? 1 : 0, isError ? 1 : 0, spans];
    for (let i = 0; i < 4; i += 1) {
      counts[i]!.truth += counted[i]!;
      counts[i]!.estimated += weight * counted[i]!;
    }
    if (key >= keys || t < warmUpSeconds) return;
    const cell = Math.floor(t / SECONDS_A_MINUTE) * keys + key;
    coverage[cell]! |= weight !== 0 ? 3 : 1;
  });
  sampler.end?.();
  const keyMinutes = coverage.reduce((n, cell) => n + (cell & 1), 0);
  const coveredKeyMinutes = coverage.reduce((n, cell) => n + (cell >> 1), 0);
  const [total, rare, errors, spans] = counts;
  return { seen, kept, keyMinutes, coveredKeyMinutes, total, rare, errors, spans, durations };
}
