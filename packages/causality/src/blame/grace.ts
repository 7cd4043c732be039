/** A loop that is idle turns this often while something waits. */
const IDLE_TURN_MS = 10;

/** What a grace needs of the event loop. */
export interface Turns {
  readonly atTurnEnd: (callback: () => void) => void;
  readonly keepTurning: (ms: number) => () => void;
}

/**
 * Holds what waits for late evidence, until the loop has come to the end of a turn twice, and no more of it than a number.
 * At the first end the turn in which a span ended is known, if it was long; collections in that turn are told between it
 * and the second, and so is what the watcher of the loop saw. Where many wait, they go over several turns.
 */
export class Grace<T> {
  readonly #turns: Turns;
  readonly #maxHeld: number;
  readonly #release: (items: readonly T[]) => number;
  /** Held since the last end of a turn. */
  #young: T[] = [];
  /** Held since the one before. */
  #old: T[] = [];
  /** Have waited long enough. */
  #due: T[] = [];
  #isArmed = false;
  #stopTurning: (() => void) | undefined;

  /** @param release gets what has waited long enough, the oldest first, and returns how many of them it took: one at least */
  constructor(turns: Turns, maxHeld: number, release: (items: readonly T[]) => number) {
    this.#turns = turns;
    this.#maxHeld = maxHeld;
    this.#release = release;
  }

  /** Some 10 ns while others are held. @returns false when there is no room */
  hold(item: T): boolean {
    if (this.#young.length + this.#old.length + this.#due.length >= this.#maxHeld) return false;
    this.#young.push(item);
    if (!this.#isArmed) this.#arm();
    return true;
  }

  /** Lets everything go. */
  releaseAll(): void {
    this.#age();
    this.#age();
    while (this.#due.length > 0) this.#releaseDue();
    this.#rest();
  }

  #arm(): void {
    this.#stopTurning ??= this.#turns.keepTurning(IDLE_TURN_MS);
    this.#isArmed = true;
    this.#turns.atTurnEnd(this.#endTurn);
  }

  readonly #endTurn = (): void => {
    this.#isArmed = false;
    this.#age();
    if (this.#due.length > 0) this.#releaseDue();
    if (this.#due.length + this.#old.length + this.#young.length > 0) this.#arm();
    else this.#rest();
  };

  /** All are a turn older. */
  #age(): void {
    if (this.#due.length === 0) this.#due = this.#old;
    else for (const item of this.#old) this.#due.push(item);
    this.#old = this.#young;
    this.#young = [];
  }

  #releaseDue(): void {
    const due = this.#due;
    this.#due = [];
    const count = Math.max(1, this.#release(due));
    // What it has let go meanwhile has come after those.
    if (count < due.length) this.#due = [...due.slice(count), ...this.#due];
  }

  #rest(): void {
    this.#stopTurning?.();
    this.#stopTurning = undefined;
  }
}
