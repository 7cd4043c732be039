import type { Chance } from './random.ts';

/** Traffic: how many traces a second begin at a time, with which keys, and what becomes of them. */
export interface Workload {
  readonly seconds: number;
  /** Traces a second at `t` seconds, bursts aside; never above `maxRate`. */
  rate(t: number): number;
  readonly maxRate: number;
  /** Keys that are alive at a time, the busiest first, with Zipf exponent `skew`. */
  readonly keys: number;
  readonly skew: number;
  /** Part of the traces that have a key of their own. Default 0. */
  readonly uniqueShare?: number;
  /** Every key is replaced by a new one after so many seconds, one after the other. Default: never. */
  readonly churnSeconds?: number;
  /** A Markov-modulated rate: bursts of exponential length in which it is `factor` times as high. Default: none. */
  readonly bursts?: { readonly factor: number; readonly everySeconds: number; readonly lastSeconds: number };
  /** Part of the traces that are errors. Default 0 for all. */
  errorShare?(key: number, t: number): number;
  /** Duration of a trace, from a standard normal number. Default: none is drawn. */
  latencyMs?(key: number, t: number, normal: number): number;
  /** Spans of a trace. Default 1. */
  spans?(chance: Chance): number;
}

/** A tenfold burst, then a lull, with errors in every key and many in some: what estimates are held against. */
export const bursty: Workload = {
  seconds: 30,
  rate: (t) => (t < 10 ? 100 : t < 20 ? 1000 : 50),
  maxRate: 1000,
  keys: 40,
  skew: 1.1,
  errorShare: (key) => (key % 5 === 0 ? 0.3 : 0.05),
};

/** Cumulative Zipf weights. */
export function zipf(keys: number, skew: number): Float64Array {
  const cumulative = new Float64Array(keys);
  let sum = 0;
  for (let k = 0; k < keys; k += 1) {
    sum += (k + 1) ** -skew;
    cumulative[k] = sum;
  }
  return cumulative.map((value) => value / sum);
}

/** The first index whose cumulative weight exceeds `u`. */
export function pick(cumulative: Float64Array, u: number): number {
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cumulative[middle]! > u) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Keys that ever live; unique ones are numbered from here on. */
export function lastingKeys({ keys, seconds, churnSeconds }: Workload): number {
  return churnSeconds === undefined ? keys : keys * (Math.ceil(seconds / churnSeconds) + 1);
}

/** Says whether a burst is on, at times that never go back. */
function burstAt({ bursts }: Workload, chance: Chance): (t: number) => number {
  if (bursts === undefined) return () => 1;
  const { factor, everySeconds, lastSeconds } = bursts;
  let isOn = false;
  let until = -Math.log(1 - chance.next()) * everySeconds;
  return (t) => {
    while (t >= until) {
      isOn = !isOn;
      until -= Math.log(1 - chance.next()) * (isOn ? lastSeconds : everySeconds);
    }
    return isOn ? factor : 1;
  };
}

/** Calls back for each arrival of an inhomogeneous Poisson process (thinning, Lewis and Shedler 1979). */
export function arrivals(workload: Workload, chance: Chance, arrive: (t: number, key: number) => void): void {
  const cumulative = zipf(workload.keys, workload.skew);
  const { uniqueShare = 0, maxRate, keys, churnSeconds } = workload;
  const factorAt = burstAt(workload, chance);
  const peak = maxRate * (workload.bursts?.factor ?? 1);
  let unique = lastingKeys(workload);
  for (let t = 0; ; ) {
    t -= Math.log(1 - chance.next()) / peak;
    if (t >= workload.seconds) return;
    if (chance.next() * peak >= workload.rate(t) * factorAt(t)) continue;
    if (uniqueShare > 0 && chance.next() < uniqueShare) {
      arrive(t, unique++);
      continue;
    }
    const key = pick(cumulative, chance.next());
    arrive(t, churnSeconds === undefined ? key : key + keys * Math.floor(t / churnSeconds + key / keys));
  }
}
