// The peers of the benchmark are what their authors published: golden vectors, and properties that are known of them.
import {
  datadog,
  emaThroughput,
  equalRates,
  logarithmicRates,
  rateLimiting,
  windowedThroughput,
} from '../bench/simulation/peers.ts';
import { simulate } from '../bench/simulation/simulate.ts';
import type { Workload } from '../bench/simulation/workload.ts';
import { SEED } from './seed.ts';

/** Keys with 3^0 to 3^7 events a second. */
const POWERS = new Map(Array.from({ length: 8 }, (_, n) => [n, 3 ** n]));
const GOAL = 100;

test('EMAThroughput gives the rates of its golden vector', () => {
  expect([...logarithmicRates(POWERS, GOAL).values()]).toEqual([1, 1, 2, 3, 6, 13, 31, 79]);
});

test('WindowedThroughput gives the rates of its golden vector, whatever the window', () => {
  for (const seconds of [1, 30]) {
    const counts = new Map([...POWERS].map(([key, count]) => [key, count * seconds]));
    expect([...equalRates(counts, GOAL * seconds).values()]).toEqual([1, 1, 1, 2, 6, 19, 58, 174]);
  }
});

const steady: Workload = { seconds: 120, rate: () => 1000, maxRate: 1000, keys: 20, skew: 1.1 };

test.each([
  ['EMAThroughput', emaThroughput(GOAL), 0.9, 1.5],
  // One in N with N rounded down.
  ['WindowedThroughput', windowedThroughput(GOAL), 0.8, 1.4],
  ['Java rate limiter', rateLimiting(GOAL), 0.92, 1.08],
  // The largest of six counts of 5 s stands for the rate of a key, so that part of the goal is left.
  ['Datadog core sampler', datadog(GOAL), 0.5, 1],
] as const)('%s keeps about its goal of steady traffic, and counts truly', (_, create, least, most) => {
  const { kept, total } = simulate(create, steady, { seed: SEED, countFromSeconds: 60 });
  const volume = kept.reduce((sum, count) => sum + count, 0) / 60 / GOAL;
  expect(volume).toBeGreaterThan(least);
  expect(volume).toBeLessThan(most);
  expect(Math.abs(total.estimated / total.truth - 1)).toBeLessThan(0.15);
});
