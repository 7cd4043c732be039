/**
 * Ends of the event loop's turns that are waited for. At the first, the turn in which the span ended is known, if it was
 * long; collections in that turn are told between it and the second, and so is what the watcher of the loop saw.
 */
const TURNS = 2;
/** A loop that is idle turns this often while something waits. */
const IDLE_TURN_MS = 10;

/** What a grace needs of the event loop. */
export interface Turns {
  readonly atTurnEnd: (callback: () => void) => void;
  readonly keepTurning: (ms: number) => () => void;
}

/** What is held. */
export interface Due {
  /** Set while it is: the turn after which it goes. */
  dueTurn: number;
}

/** Holds what waits for late evidence, for two turns of the event loop, and no more of it than a number. */
export class Grace<T extends Due> {
  readonly #turns: Turns;
  readonly #maxHeld: number;
  readonly #release: (items: readonly T[]) => void;
  #held: T[] = [];
  #turn = 0;
  #isArmed = false;
  #stopTurning: (() => void) | undefined;

  /** @param release gets what has waited long enough, the oldest first */
  constructor(turns: Turns, maxHeld: number, release: (items: readonly T[]) => void) {
    this.#turns = turns;
    this.#maxHeld = maxHeld;
    this.#release = release;
  }

  get size(): number {
    return this.#held.length;
  }

  hold(item: T): void {
    item.dueTurn = this.#turn + TURNS;
    this.#held.push(item);
    // An eighth at once: taking the oldest out one by one moves all others.
    if (this.#held.length > this.#maxHeld) this.#releaseFirst(Math.ceil(this.#maxHeld / 8));
    this.#arm();
  }

  /** Lets everything go. */
  releaseAll(): void {
    this.#releaseFirst(this.#held.length);
    this.#rest();
  }

  #arm(): void {
    this.#stopTurning ??= this.#turns.keepTurning(IDLE_TURN_MS);
    if (this.#isArmed) return;
    this.#isArmed = true;
    this.#turns.atTurnEnd(this.#endTurn);
  }

  readonly #endTurn = (): void => {
    this.#isArmed = false;
    this.#turn += 1;
    let due = 0;
    while (due < this.#held.length && (this.#held[due] as T).dueTurn <= this.#turn) due += 1;
    this.#releaseFirst(due);
    if (this.#held.length > 0) this.#arm();
    else this.#rest();
  };

  #releaseFirst(count: number): void {
    if (count === 0) return;
    const released = this.#held;
    // What is released may have more held, which comes after what stays.
    this.#held = count === released.length ? [] : released.splice(count);
    this.#release(released);
  }

  #rest(): void {
    this.#stopTurning?.();
    this.#stopTurning = undefined;
  }
}
