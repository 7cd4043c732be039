/** Marks kept of a window. */
const MARKS = 12;

interface Mark {
  readonly timeMs: number;
  readonly part: number;
  readonly whole: number;
}

/**
 * The ratio of two running totals over the last window, for readers that come at any time and in any number: none of
 * them resets anything for another.
 */
export class SlidingRate {
  readonly #windowMs: number;
  readonly #marks: Mark[] = [{ timeMs: Number.NEGATIVE_INFINITY, part: 0, whole: 0 }];

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** `part / whole` since the start of the window, before one has passed since the totals were 0; undefined for 0 / 0. */
  to(nowMs: number, part: number, whole: number): number | undefined {
    const marks = this.#marks;
    // The newest mark that is a window old; until there is one, the zero that both totals started from.
    while (marks.length > 1 && nowMs - (marks[1] as Mark).timeMs >= this.#windowMs) marks.shift();
    const from = marks[0] as Mark;
    const newest = marks.at(-1) as Mark;
    if (nowMs - newest.timeMs >= this.#windowMs / MARKS) marks.push({ timeMs: nowMs, part, whole });
    return whole > from.whole ? (part - from.part) / (whole - from.whole) : undefined;
  }
}
