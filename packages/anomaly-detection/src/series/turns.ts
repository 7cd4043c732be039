/** Detectors that get a point at each look. */
const MOST_AT_ONCE = 2500;

/**
 * Whose turn it is. Each detector is 10 KB that a look has to bring into the caches of the CPU: with more than 2,500 of
 * them only some get a point at a look, the mean of what came since their last one. They go by time, not by points.
 */
export class Turns {
  #stride = 1;
  #look = 0;
  #asked = 0;
  #next = 0;

  /** A place in the order, for a new detector. */
  join(): number {
    this.#next++;
    return this.#next;
  }

  /** A new look, with as many detectors as asked at the last one. */
  begin(look: number): void {
    this.#look = look;
    this.#stride = Math.max(1, Math.ceil(this.#asked / MOST_AT_ONCE));
    this.#asked = 0;
  }

  /** Whether it is the turn of the one at this place. */
  isTurn(place: number): boolean {
    this.#asked++;
    return (this.#look + place) % this.#stride === 0;
  }
}
