const MAX_CHARACTERS = 64;
const PRIME = 0x01000193;

/**
 * Which operations a trace consists of, however many of each and in whatever order: the set of its span names as 64 bits.
 */
export class SpanShape {
  #high = 0;
  #low = 0;

  /** Reads 64 characters at most. No allocation. */
  add(name: string): void {
    let hash = 0x811c9dc5;
    const end = Math.min(name.length, MAX_CHARACTERS);
    for (let i = 0; i < end; i += 1) hash = Math.imul(hash ^ name.charCodeAt(i), PRIME);
    hash ^= hash >>> 15;
    const bit = 1 << (hash & 31);
    if ((hash & 32) === 0) this.#low |= bit;
    else this.#high |= bit;
  }

  /** 32 bits. */
  get hash(): number {
    const mixed = Math.imul(this.#low ^ Math.imul(this.#high ^ 0x5bd1e995, 0x85ebca6b), 0xc2b2ae35);
    return mixed ^ (mixed >>> 16);
  }
}
