/**
 * Other samplers, from their published formulas, for comparison at equal kept volume.
 */
import type { SimulatedSampler } from './simulate.ts';

type Create = (nowMs: number, random: () => number) => SimulatedSampler;

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

/** EMAThroughput of dynsampler-go: counts smoothed with weight 0.5 each `interval` seconds, integer one-in-N rates. */
export function emaThroughput(goal: number, interval = 15): Create {
  return (_, random) => {
    let current = new Map<number, number>();
    let averages = new Map<number, number>();
    let rates = new Map<number, number>();
    let second = 0;
    return {
      name: 'EMAThroughput',
      offer(key): number {
        current.set(key, (current.get(key) ?? 0) + 1);
        const rate = rates.get(key) ?? 1;
        return random() * rate < 1 ? rate : 0;
      },
      tick(): void {
        second += 1;
        if (second % interval !== 0) return;
        const next = new Map<number, number>();
        for (const key of new Set([...averages.keys(), ...current.keys()])) {
          const average = 0.5 * (current.get(key) ?? 0) + 0.5 * (averages.get(key) ?? current.get(key) ?? 0);
          if (average >= 0.5) next.set(key, average);
        }
        averages = next;
        current = new Map();
        rates = logarithmicRates(averages, goal * interval);
      },
    };
  };
}
