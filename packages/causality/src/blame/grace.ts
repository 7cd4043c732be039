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
 * and the second, and so is what the watcher of the loop saw.
 */
export class Grace<T> {
  readonly #turns: Turns;
  readonly #maxHeld: number;
  readonly #release: (items: readonly T[]) => void;
  /** Held since the last end of a turn. */
  #young: T[] = [];
  /** Held since the one before. */
  #old: T[] = [];
  #isArmed = false;
  #stopTurning: (() => void) | undefined;

  /** @param release gets what has waited long enough, the oldest first */
  constructor(turns: Turns, maxHeld: number, release: (items: readonly T[]) => void) {
    this.#turns = turns;
    this.#maxHeld = maxHeld;
    this.#release = release;
  }

  /** Some 10 ns while others are held. */
  hold(item: T): void {
    this.#young.push(item);
    if (this.#young.length + this.#old.length > this.#maxHeld) this.#makeRoom();
    if (!this.#isArmed) this.#arm();
  }

  /** Lets everything go. */
  releaseAll(): void {
    this.#releaseOld();
    this.#releaseOld();
    this.#rest();
  }

  #arm(): void {
    this.#stopTurning ??= this.#turns.keepTurning(IDLE_TURN_MS);
    this.#isArmed = true;
    this.#turns.atTurnEnd(this.#endTurn);
  }

  readonly #endTurn = (): void => {
    this.#isArmed = false;
    this.#releaseOld();
    if (this.#old.length + this.#young.length > 0) this.#arm();
    else this.#rest();
  };

  /** The others are a turn older then. */
  #releaseOld(): void {
    const released = this.#old;
    this.#old = this.#young;
    // What is released may have more held.
    this.#young = [];
    if (released.length > 0) this.#release(released);
  }

  #makeRoom(): void {
    const { length } = this.#old;
    // An eighth at once: taking the oldest out one by one moves all others.
    const count = Math.ceil(this.#maxHeld / 8);
    this.#release(length > 0 ? this.#old.splice(0, count) : this.#young.splice(0, count));
  }

  #rest(): void {
    this.#stopTurning?.();
    this.#stopTurning = undefined;
  }
}
