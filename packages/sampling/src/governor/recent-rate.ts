/** Seconds (ticks) looked back at most. */
const MOST_TICKS = 10;
/** Calls that make a rate. */
const ENOUGH_CALLS = 4;

interface Tick {
  readonly items: number;
  readonly calls: number;
  readonly seconds: number;
}

/**
 * The rate of something that comes in batches, some of them seconds apart: over the shortest past that holds a few of
 * them, ten ticks at most (two periods of a batch processor, so that the rate does not go up and down with its batches).
 */
export class RecentRate {
  readonly #ticks: Tick[] = [];
  #items = 0;
  #calls = 0;

  /** @param items, calls totals so far @returns items a second */
  next(items: number, calls: number, seconds: number): number {
    this.#ticks.unshift({ items: items - this.#items, calls: calls - this.#calls, seconds });
    this.#items = items;
    this.#calls = calls;
    if (this.#ticks.length > MOST_TICKS) this.#ticks.pop();
    const sum = { items: 0, calls: 0, seconds: 0 };
    for (const tick of this.#ticks) {
      sum.items += tick.items;
      sum.calls += tick.calls;
      sum.seconds += tick.seconds;
      if (sum.calls >= ENOUGH_CALLS) break;
    }
    return sum.items / sum.seconds;
  }
}
