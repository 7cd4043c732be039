import { chance } from './random.ts';
import { arrivals, type Workload } from './workload.ts';

/** A sampler as the simulator sees it. */
export interface SimulatedSampler {
  readonly name: string;
  /**
   * Decides about a trace. Returns 0 when it is dropped, else what it counts for (its adjusted count).
   * @param randomness 14 hex digits
   */
  offer(key: number, randomness: string, nowMs: number): number;
  /** Called each virtual second. */
  tick(nowMs: number): void;
}

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
}

const SECONDS_A_MINUTE = 60;

/** Runs a workload through a sampler under a virtual clock. */
export function simulate(
  create: (nowMs: number, random: () => number) => SimulatedSampler,
  workload: Workload,
  { seed, rareKey = -1, warmUpSeconds = 0 }: RunOptions,
): Outcome {
  const traffic = chance(seed);
  const decisions = chance(seed ^ 0x5bd1e995);
  const sampler = create(0, chance(seed ^ 0x1b873593).next);
  const seen = new Float64Array(Math.ceil(workload.seconds));
  const kept = new Float64Array(seen.length);
  const counts: [total: Estimate, rare: Estimate, errors: Estimate] = [
    { truth: 0, estimated: 0 },
    { truth: 0, estimated: 0 },
    { truth: 0, estimated: 0 },
  ];
  const minutes = Math.ceil(workload.seconds / SECONDS_A_MINUTE);
  const coverage = new Uint8Array(minutes * workload.keys);
  let second = 0;
  arrivals(workload, traffic, (t, key) => {
    while (second + 1 <= t) {
      second += 1;
      sampler.tick(second * 1000);
    }
    const isError = workload.errorShare !== undefined && traffic.next() < workload.errorShare(key);
    const weight = sampler.offer(key, decisions.randomness(), t * 1000);
    const slot = Math.floor(t);
    seen[slot]! += 1;
    if (weight > 0) kept[slot]! += 1;
    const isCounted = [true, key === rareKey, isError];
    for (let i = 0; i < 3; i += 1) {
      if (!isCounted[i]) continue;
      counts[i]!.truth += 1;
      counts[i]!.estimated += weight;
    }
    if (key >= workload.keys || t < warmUpSeconds) return;
    const cell = Math.floor(t / SECONDS_A_MINUTE) * workload.keys + key;
    coverage[cell]! |= weight > 0 ? 3 : 1;
  });
  const keyMinutes = coverage.reduce((n, cell) => n + (cell & 1), 0);
  const coveredKeyMinutes = coverage.reduce((n, cell) => n + (cell >> 1), 0);
  return { seen, kept, keyMinutes, coveredKeyMinutes, total: counts[0], rare: counts[1], errors: counts[2] };
}
