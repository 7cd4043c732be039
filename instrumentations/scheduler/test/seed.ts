/** Seed of the random tests; `SONDE_TEST_SEED` repeats a run. */
export const SEED = Number(process.env.SONDE_TEST_SEED ?? Date.now() % 2 ** 31);

/** How many random cases. */
export function runs(numRuns: number): { numRuns: number; seed: number } {
  return { numRuns, seed: SEED };
}
