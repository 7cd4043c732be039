import { GATES, GATES_TAKEN, MAX_GATES, WORDS_PER_GATE } from './layout.ts';
import { loadPosition, storePosition } from './position.ts';

/** Words of a gate: whether it is taken (0 or 1), then how far its subscriber has read. */
const TAKEN = 0;
const POSITION = 1;

/**
 * A lossless subscriber's place in a ring's header: it says how far it has read, and the writer does not overwrite what
 * lies beyond. Works across threads.
 */
export class Gate {
  readonly #header: Int32Array;
  readonly #index: number;

  private constructor(header: Int32Array, index: number) {
    this.#header = header;
    this.#index = index;
  }

  /** Undefined when all gates of the ring are taken. */
  static take(header: Int32Array, position: number): Gate | undefined {
    for (let i = 0; i < MAX_GATES; i++) {
      const index = GATES + i * WORDS_PER_GATE;
      if (Atomics.compareExchange(header, index + TAKEN, 0, 1) === 0) {
        storePosition(header, index + POSITION, position);
        Atomics.add(header, GATES_TAKEN, 1);
        return new Gate(header, index);
      }
    }
    return undefined;
  }

  /** Says that all before `position` was read. */
  advance(position: number): void {
    storePosition(this.#header, this.#index + POSITION, position);
  }

  release(): void {
    storePosition(this.#header, this.#index + POSITION, Number.MAX_SAFE_INTEGER);
    if (Atomics.compareExchange(this.#header, this.#index + TAKEN, 1, 0) === 1) {
      Atomics.sub(this.#header, GATES_TAKEN, 1);
    }
  }
}

/** How far the slowest lossless subscriber has read; Infinity when there is none. */
export function slowestGate(header: Int32Array): number {
  let slowest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < MAX_GATES; i++) {
    const index = GATES + i * WORDS_PER_GATE;
    if (Atomics.load(header, index + TAKEN) === 1) {
      slowest = Math.min(slowest, loadPosition(header, index + POSITION));
    }
  }
  return slowest;
}
