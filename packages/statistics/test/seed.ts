/** Seed of the random tests; `SONDE_TEST_SEED` repeats a run. */
export const SEED = Number(process.env.SONDE_TEST_SEED ?? Date.now() % 2 ** 31);

/** How many random cases: the short form, or the long one with `SONDE_TEST_LONG=1`. */
export function runs(short: number): { numRuns: number; seed: number } {
  return { numRuns: process.env.SONDE_TEST_LONG === '1' ? 50 * short : short, seed: SEED };
}

/** The numbers 0 <= x < 1 of one seed (Steele, Lea and Flood's SplitMix32 variant "mulberry32"). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}
