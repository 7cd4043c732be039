// long: counts estimated from thresholds over 6,000 fresh seeds: totals, a rare key, errors; through steps, promotions, evictions
import { adaptive } from '../bench/simulation/adaptive.ts';
import { type Estimate, simulate } from '../bench/simulation/simulate.ts';
import { bursty, type Workload } from '../bench/simulation/workload.ts';
import type { AdaptiveSampler } from '../src/index.ts';
import { IS_LONG, SEED } from './seed.ts';
import { QUANTITIES, simulateTail, type TailRun } from './tail/tail-simulation.ts';

/** Of what is promised; of the others it is enough that they are no sign of a bias. */
const LIMITS: Record<string, number> = { total: 0.005, rare: 0.015, errors: 0.005 };
const SEEDS = IS_LONG ? 6000 : 10;
/** Ten runs tell a blunder, not chance: the short form repeats its seeds, the long one takes fresh ones. */
const FIRST = IS_LONG ? SEED : 20_261_121;

function biasOf(estimates: readonly Estimate[]): { bias: number; standardError: number } {
  const truth = estimates.reduce((sum, one) => sum + one.truth, 0) / estimates.length;
  const errors = estimates.map(({ estimated, truth: own }) => (estimated - own) / truth);
  const bias = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  const variance = errors.reduce((sum, error) => sum + (error - bias) ** 2, 0) / errors.length;
  return { bias, standardError: Math.sqrt(variance / errors.length) };
}

test(`estimates are unbiased over ${SEEDS} seeds from ${FIRST} on`, () => {
  const create = adaptive({ tracesPerSecond: 150, maxKeys: 32 });
  const runs = Array.from({ length: SEEDS }, (_, n) =>
    simulate(create, bursty, { seed: (FIRST + Math.imul(n + 1, 0x9e3779b1)) | 0, rareKey: 30 }),
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

/** A burst that overfills the buffer, an error storm of one key, and remote, late, repeated traces. */
const stormy: Workload = {
  seconds: 24,
  rate: (t) => (t < 8 ? 90 : t < 15 ? 500 : t < 19 ? 100 : 30),
  maxRate: 500,
  keys: 40,
  skew: 1.1,
};
const errorShare = (key: number): number => (key === 3 ? 0.8 : key % 5 === 0 ? 0.3 : 0.05);

/** What a governor would do, by the clock alone. */
function governed(sampler: AdaptiveSampler, seconds: number): void {
  sampler.recordFraction = seconds < 6 ? 1 : seconds < 11 ? 0.8 : seconds < 18 ? 0.4 : 0.9;
  sampler.emergency = seconds >= 20 && seconds < 21;
}

const STORM = { workload: stormy, errorShare, rareFrom: 25, adjust: governed, maxBytes: 20_000 };

test('so are those behind a tail stage, through promotions, evictions and late spans', async () => {
  const seeds = IS_LONG ? 2000 : 12;
  const runs: TailRun[] = [];
  for (let n = 0; n < seeds; n += 1) {
    const seed = (FIRST + Math.imul(n + 1, 0x7feb352d)) | 0;
    runs.push(await simulateTail({ ...STORM, seed }));
  }
  // Everything that could bias them did happen.
  const sum = (count: (run: TailRun) => number): number => runs.reduce((total, run) => total + count(run), 0) / seeds;
  expect(sum(({ promoted }) => promoted)).toBeGreaterThan(50);
  expect(sum(({ tail }) => tail.evicted.kept + tail.evicted.dropped)).toBeGreaterThan(50);
  expect(sum(({ tail }) => tail.late.kept)).toBeGreaterThan(10);
  for (const reason of ['error', 'slow', 'explicit', 'rare'] as const) {
    expect([reason, sum(({ tail }) => tail.traces[reason].kept) > 0]).toEqual([reason, true]);
  }
  for (const what of QUANTITIES) {
    const { bias, standardError } = biasOf(runs.map(({ counts }) => counts[what]));
    const z = Math.abs(bias) / standardError;
    if (IS_LONG) process.stdout.write(`${what}: bias ${bias.toFixed(5)}, standard error ${standardError.toFixed(5)}\n`);
    expect([what, bias, z < 4]).toEqual([what, bias, true]);
    if (IS_LONG) expect([what, Math.abs(bias) + 2 * standardError <= (LIMITS[what] ?? 1)]).toEqual([what, true]);
  }
}, 900_000);
