/** Looks that are remembered. */
export const REMEMBERED_LOOKS = 32;

/** The scores of the last looks, for the question what moved around a moment; signed by direction. 128 bytes. */
export class RecentScores {
  readonly #scores = new Float32Array(REMEMBERED_LOOKS);
  #last = -1;

  /** Notes the score of a look; those that were left out become 0. */
  note(look: number, signedScore: number): void {
    const from = Math.max(this.#last + 1, look - REMEMBERED_LOOKS + 1);
    for (let skipped = from; skipped < look; skipped++) this.#scores[skipped % REMEMBERED_LOOKS] = 0;
    this.#scores[look % REMEMBERED_LOOKS] = signedScore;
    this.#last = look;
  }

  /** The score largest in size of the looks from `from` to `to`, signed. */
  peak(from: number, to: number): number {
    let peak = 0;
    const last = Math.min(to, this.#last);
    for (let look = Math.max(from, this.#last - REMEMBERED_LOOKS + 1, 0); look <= last; look++) {
      const score = this.#scores[look % REMEMBERED_LOOKS] as number;
      if (Math.abs(score) > Math.abs(peak)) peak = score;
    }
    return peak;
  }
}
