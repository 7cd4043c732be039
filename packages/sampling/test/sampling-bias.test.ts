// long: counts estimated from thresholds over 2,000 fresh seeds: totals, a rare key, errors; through steps and evictions
import { adaptive } from '../bench/simulation/adaptive.ts';
import { type Estimate, simulate } from '../bench/simulation/simulate.ts';
import type { Workload } from '../bench/simulation/workload.ts';
import { IS_LONG, SEED } from './seed.ts';

const bursty: Workload = {
  seconds: 30,
  rate: (t) => (t < 10 ? 100 : t < 20 ? 1000 : 50),
  maxRate: 1000,
  keys: 40,
  skew: 1.1,
  errorShare: (key) => (key % 5 === 0 ? 0.3 : 0.05),
};
const SEEDS = IS_LONG ? 2000 : 10;

function biasOf(estimates: readonly Estimate[]): { bias: number; standardError: number } {
  const truth = estimates.reduce((sum, one) => sum + one.truth, 0) / estimates.length;
  const errors = estimates.map(({ estimated, truth: own }) => (estimated - own) / truth);
  const bias = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  const variance = errors.reduce((sum, error) => sum + (error - bias) ** 2, 0) / errors.length;
  return { bias, standardError: Math.sqrt(variance / errors.length) };
}

test(`estimates are unbiased over ${SEEDS} seeds from ${SEED} on`, () => {
  const create = adaptive({ tracesPerSecond: 150, maxKeys: 32 });
  const runs = Array.from({ length: SEEDS }, (_, n) =>
    simulate(create, bursty, { seed: (SEED + Math.imul(n + 1, 0x9e3779b1)) | 0, rareKey: 30 }),
  );
  for (const [what, limit] of [
    ['total', 0.005],
    ['rare', 0.015],
    ['errors', 0.005],
  ] as const) {
    const { bias, standardError } = biasOf(runs.map((run) => run[what]));
    expect([what, bias, Math.abs(bias) / standardError < 4]).toEqual([what, bias, true]);
    if (IS_LONG) expect(Math.abs(bias) + 2 * standardError).toBeLessThanOrEqual(limit);
  }
}, 900_000);
