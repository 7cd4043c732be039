/**
 * Other samplers, from their published formulas, for comparison at equal kept volume.
 */
import type { Create } from './simulate.ts';

const uniform = (randomness: string): number => Number.parseInt(randomness, 16) / 2 ** 56;

/** A fixed probability, as TraceIdRatioBased. */
export function ratio(probability: number): Create {
  return () => ({
    name: 'fixed ratio',
    offer: (_, randomness) => (uniform(randomness) >= 1 - probability ? 1 / probability : 0),
    tick: () => {},
  });
}

/**
 * Keyless rate limiting: exponentially smoothed rate with the time constant `adaptSeconds`, the probability is goal/rate
 * (ConsistentRateLimitingSampler of opentelemetry-java-contrib: EMA of the spans in an infinite window).
 */
export function rateLimiting(goal: number, adaptSeconds = 5): Create {
  return (startMs) => {
    let count = 0;
    let seconds = 0;
    let last = startMs;
    return {
      name: 'keyless rate limiting',
      offer(_, randomness, nowMs): number {
        const passed = Math.max(0, nowMs - last) / 1000;
        last = nowMs;
        const decay = Math.exp(-passed / adaptSeconds);
        count = count * decay + 1;
        seconds = seconds * decay + passed;
        const probability = Math.min(1, (goal * seconds) / count);
        return uniform(randomness) >= 1 - probability ? 1 / probability : 0;
      },
      tick: () => {},
    };
  };
}

/** Sample rates of dynsampler: the goal is shared in proportion to log10 of each key's count, what is not needed goes on. */
export function logarithmicRates(counts: ReadonlyMap<number, number>, goal: number): Map<number, number> {
  const keys = [...counts.keys()].sort((a, b) => a - b);
  const logSum = keys.reduce((sum, key) => sum + Math.log10(counts.get(key)!), 0);
  const ratioOfGoal = goal / logSum;
  const rates = new Map<number, number>();
  let extra = 0;
  let left = keys.length;
  for (const key of keys) {
    const count = Math.max(1, counts.get(key)!);
    const share = Math.max(1, Math.log10(count) * ratioOfGoal) + extra / left;
    left -= 1;
    if (count <= share) {
      rates.set(key, 1);
      extra = Math.max(0, extra - extra / (left + 1)) + share - count;
      continue;
    }
    const rate = Math.ceil(count / share);
    rates.set(key, rate);
    extra -= extra / (left + 1);
    extra += share - count / rate;
  }
  return rates;
}

/**
 * EMAThroughput of dynsampler-go: counts smoothed with weight 0.5 each `interval` seconds, integer one-in-N rates; after
 * three intervals twice as many events as an interval has on average make it adjust at once.
 */
export function emaThroughput(goal: number, interval = 15): Create {
  const weight = 0.5;
  const burstMultiple = 2;
  const burstDelay = 3;
  return (_, random) => {
    let current = new Map<number, number>();
    let averages = new Map<number, number>();
    let rates = new Map<number, number>();
    let second = 0;
    let intervals = 0;
    let burst = 0;
    let threshold = Number.POSITIVE_INFINITY;
    const adjust = (): void => {
      const next = new Map<number, number>();
      let sum = 0;
      for (const key of new Set([...averages.keys(), ...current.keys()])) {
        const count = current.get(key) ?? 0;
        const average = weight * count + (1 - weight) * (averages.get(key) ?? count);
        if (average < 0.5) continue;
        next.set(key, average);
        sum += average;
      }
      averages = next;
      current = new Map();
      rates = logarithmicRates(averages, goal * interval);
      burst = 0;
      threshold = sum * burstMultiple;
      intervals += 1;
    };
    return {
      name: 'EMAThroughput',
      offer(key): number {
        current.set(key, (current.get(key) ?? 0) + 1);
        burst += 1;
        if (intervals >= burstDelay && burst >= threshold) adjust();
        const rate = rates.get(key) ?? 1;
        return random() * rate < 1 ? rate : 0;
      },
      tick(): void {
        second += 1;
        if (second % interval === 0) adjust();
      },
    };
  };
}

/** Sample rates of WindowedThroughput: each key may have as many, those that need less leave the rest unused. */
export function equalRates(counts: ReadonlyMap<number, number>, goal: number): Map<number, number> {
  const share = Math.max(1, goal / counts.size);
  return new Map([...counts].map(([key, count]) => [key, Math.max(1, Math.floor(count / share))]));
}

/** WindowedThroughput of dynsampler-go: each second from the counts of the last `lookback` seconds. */
export function windowedThroughput(goal: number, lookback = 30): Create {
  return (_, random) => {
    const seconds: Map<number, number>[] = [new Map()];
    let rates = new Map<number, number>();
    return {
      name: 'WindowedThroughput',
      offer(key): number {
        const counts = seconds[0]!;
        counts.set(key, (counts.get(key) ?? 0) + 1);
        const rate = rates.get(key) ?? 1;
        return random() * rate < 1 ? rate : 0;
      },
      tick(): void {
        const sums = new Map<number, number>();
        for (const counts of seconds) {
          for (const [key, count] of counts) sums.set(key, (sums.get(key) ?? 0) + count);
        }
        rates = equalRates(sums, goal * lookback);
        seconds.unshift(new Map());
        seconds.length = Math.min(seconds.length, lookback);
      },
    };
  };
}

/** The level at which `goal` is shared out max-min fairly, from rates in ascending order. */
function fairShare(ascending: readonly number[], goal: number): number {
  let left = goal;
  let sharers = ascending.length;
  for (const rate of ascending) {
    if (sharers === 0 || rate >= left / sharers) break;
    left -= rate;
    sharers -= 1;
  }
  return sharers === 0 ? Number.POSITIVE_INFINITY : left / sharers;
}

/**
 * The core sampler of the Datadog agent: every 5 s max-min fair shares from the largest of each key's last six counts of
 * 5 s; a rate grows by a fifth at most; a key without one gets the goal against the largest total.
 */
export function datadog(goal: number): Create {
  const bucketSeconds = 5;
  const buckets = 6;
  const maxIncrease = 1.2;
  return (_, random) => {
    const counts = new Map<number, Float64Array>();
    const totals = new Float64Array(buckets);
    let rates = new Map<number, number>();
    let newRate = 1;
    let second = 0;
    const bucket = (): number => Math.floor(second / bucketSeconds) % buckets;
    const adjust = (): void => {
      const perSecond = [...counts].map(([key, own]): [number, number] => [key, Math.max(...own) / bucketSeconds]);
      const share = fairShare(
        perSecond.map(([, rate]) => rate).sort((a, b) => a - b),
        goal,
      );
      rates = new Map(
        perSecond.map(([key, rate]) => {
          const wanted = Math.min(1, share / rate);
          const former = rates.get(key);
          return [key, former === undefined ? wanted : Math.min(wanted, former * maxIncrease)];
        }),
      );
      newRate = Math.min(1, goal / (Math.max(...totals) / bucketSeconds));
      for (const [key, own] of counts) {
        own[bucket()] = 0;
        if (own.every((count) => count === 0)) counts.delete(key);
      }
      totals[bucket()] = 0;
    };
    return {
      name: 'Datadog core sampler',
      offer(key): number {
        let own = counts.get(key);
        if (own === undefined) {
          own = new Float64Array(buckets);
          counts.set(key, own);
        }
        own[bucket()]! += 1;
        totals[bucket()]! += 1;
        const rate = rates.get(key) ?? newRate;
        return random() < rate ? 1 / rate : 0;
      },
      tick(): void {
        second += 1;
        if (second % bucketSeconds === 0) adjust();
      },
    };
  };
}
