const CELLS = 4096;
const MOST = 255;
/** Sightings after which a key may have a slot of its own. */
const FAMILIAR = 3;

/**
 * Remembers roughly which keys were seen lately, in 4 KB: keys that share a cell share their count.
 * A key that comes once never gets in (TinyLFU's doorkeeper, https://arxiv.org/abs/1512.00727, as counts that age).
 */
export class Doorkeeper {
  readonly #counts = new Uint8Array(CELLS);

  /** Counts a sighting; true from the third on. No allocation. */
  admits(hash: number): boolean {
    const cell = hash & (CELLS - 1);
    const count = (this.#counts[cell] as number) + 1;
    if (count <= MOST) this.#counts[cell] = count;
    return count >= FAMILIAR;
  }

  /** Halves what is remembered. */
  age(): void {
    for (let i = 0; i < CELLS; i += 1) this.#counts[i] = (this.#counts[i] as number) >> 1;
  }
}
