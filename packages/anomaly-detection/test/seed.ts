/** Seed of the random tests; `SONDE_TEST_SEED` repeats a run. */
export const SEED = Number(process.env.SONDE_TEST_SEED ?? Date.now() % 2 ** 31);

export const IS_LONG = process.env.SONDE_TEST_LONG === '1';

/** How many random cases: the short form, or the long one with `SONDE_TEST_LONG=1`. */
export function runs(short: number): { numRuns: number; seed: number } {
  return { numRuns: IS_LONG ? 50 * short : short, seed: SEED };
}
