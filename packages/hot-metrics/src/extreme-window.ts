/** Least and greatest value of each histogram since one reader last looked. */
export class ExtremeWindow {
  /** Minimum and maximum by turns, at twice the ordinal of the series. */
  #cells = emptyExtremes(0);

  fold(ordinal: number, min: number, max: number): void {
    const at = 2 * ordinal;
    if (at >= this.#cells.length) this.#grow(at + 2);
    if (min < (this.#cells[at] as number)) this.#cells[at] = min;
    if (max > (this.#cells[at + 1] as number)) this.#cells[at + 1] = max;
  }

  /** Hands over what was folded, in the order minimum, maximum for each ordinal, and begins anew. */
  take(): Float64Array {
    const taken = this.#cells;
    this.#cells = emptyExtremes(taken.length);
    return taken;
  }

  #grow(needed: number): void {
    const grown = emptyExtremes(Math.max(needed, 2 * this.#cells.length));
    grown.set(this.#cells);
    this.#cells = grown;
  }
}

function emptyExtremes(length: number): Float64Array {
  const cells = new Float64Array(length);
  for (let i = 0; i < length; i += 2) {
    cells[i] = Number.POSITIVE_INFINITY;
    cells[i + 1] = Number.NEGATIVE_INFINITY;
  }
  return cells;
}
