/**
 * Positions only grow and must not wrap, or exact counts would be exact only modulo 2^32. They are safe integers kept
 * in two int32 words whose bits overlap: the low 32 bits, and everything from bit 21 up. A reader that sees the words
 * of two different moments still gets a true position, as long as the writer moved less than 2^31 between them: the
 * upper word says roughly where, the low word says exactly. So no lock, no BigInt and no retry is needed.
 */
const UPPER_UNIT = 2 ** 21;

/** Publishes a position: whoever loads it sees all that this thread wrote before. About 10 ns. */
export function storePosition(words: Int32Array, index: number, position: number): void {
  words[index + 1] = position / UPPER_UNIT;
  Atomics.store(words, index, position | 0);
}

/** Stores a position that nobody waits for: other threads see it some time soon. About 1 ns. */
export function notePosition(words: Int32Array, index: number, position: number): void {
  words[index + 1] = position / UPPER_UNIT;
  words[index] = position | 0;
}

export function loadPosition(words: Int32Array, index: number): number {
  const low = Atomics.load(words, index);
  const about = (Atomics.load(words, index + 1) >>> 0) * UPPER_UNIT;
  // The position nearest to `about` that has these low bits.
  return about + ((low - about) | 0);
}
