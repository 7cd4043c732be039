import type { Chance } from './random.ts';

/** Traffic: how many traces a second begin at a time, and with which keys. */
export interface Workload {
  readonly seconds: number;
  /** Traces a second at `t` seconds; never above `maxRate`. */
  rate(t: number): number;
  readonly maxRate: number;
  /** Keys, the busiest first, with Zipf exponent `skew`. */
  readonly keys: number;
  readonly skew: number;
  /** Part of the traces that have a key of their own. Default 0. */
  readonly uniqueShare?: number;
  /** Part of the traces that are errors, of a key. Default 0 for all. */
  errorShare?(key: number): number;
}

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

/** Calls back for each arrival of an inhomogeneous Poisson process (thinning, Lewis and Shedler 1979). */
export function arrivals(workload: Workload, chance: Chance, arrive: (t: number, key: number) => void): void {
  const cumulative = zipf(workload.keys, workload.skew);
  const { uniqueShare = 0, maxRate } = workload;
  let unique = workload.keys;
  for (let t = 0; ; ) {
    t -= Math.log(1 - chance.next()) / maxRate;
    if (t >= workload.seconds) return;
    if (chance.next() * maxRate >= workload.rate(t)) continue;
    if (uniqueShare > 0 && chance.next() < uniqueShare) arrive(t, unique++);
    else arrive(t, pick(cumulative, chance.next()));
  }
}
