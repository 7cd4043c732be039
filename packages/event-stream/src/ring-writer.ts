import { ContextWriter } from './context-ring.ts';
import { slowestGate } from './gates.ts';
import type { HybridLogicalClock } from './hlc.ts';
import {
  BATCH,
  DROPPED,
  GUARD,
  HEAD,
  HLC_HIGH,
  HLC_LOW,
  NUMBERS_PER_RECORD,
  PROGRESS,
  THINNED,
  TIME,
  WAITERS,
  WORDS_PER_RECORD,
} from './layout.ts';
import { notePosition, storePosition } from './position.ts';
import type { Ring } from './ring.ts';
import { TextWriter } from './text-ring.ts';

// V8 turns a module's own constants into immediates, imported ones not.
const NUMBERS = NUMBERS_PER_RECORD;
const WORDS = WORDS_PER_RECORD;
const TIME_AT = TIME;
const HLC_LOW_AT = HLC_LOW;
const HLC_HIGH_AT = HLC_HIGH;
const PROGRESS_AT = PROGRESS;

/** `begin` when the event is refused. */
export const REFUSED = -1;

/**
 * The single writer of a thread's ring. An event is written by `begin`, then the stores of its fields, then `commit`;
 * what is not committed is not an event.
 *
 * All that is not needed for each event hangs on one counter, `#room`: the number of events that may be written before
 * `#makeRoom` must be asked. It allocates the ring for the first event, publishes the head once a batch, asks the gates
 * of lossless subscribers, and wakes sleeping readers.
 */
export class RingWriter {
  readonly clock: HybridLogicalClock;
  numbers: Float64Array = new Float64Array(0);
  words: Int32Array = new Int32Array(0);
  readonly #allocate: () => Ring;
  readonly #onAllocate: (ring: Ring) => void;
  #memory: { readonly ring: Ring; readonly contexts: ContextWriter; readonly texts: TextWriter } | undefined;
  #header: Int32Array = new Int32Array(0);
  #mask = 0;
  /** Low 32 bits of the number of events written. */
  #cursor = 0;
  #room = 0;
  /** Events written when `#room` was last counted from `#granted`; published up to here. */
  #published = 0;
  #granted = 0;
  #dropped = 0;
  #thinned = 0;
  readonly #wakers = new Set<() => void>();

  /** @param allocate makes the ring at the first event; `onAllocate` is told when it can be written */
  constructor(clock: HybridLogicalClock, allocate: () => Ring, onAllocate: (ring: Ring) => void) {
    this.clock = clock;
    this.#allocate = allocate;
    this.#onAllocate = onAllocate;
  }

  get counts(): { readonly produced: number; readonly dropped: number; readonly thinned: number } {
    return { produced: this.#published + this.#granted - this.#room, dropped: this.#dropped, thinned: this.#thinned };
  }

  get isAllocated(): boolean {
    return this.#memory !== undefined;
  }

  get ring(): Ring {
    return this.#allocated().ring;
  }

  get contexts(): ContextWriter {
    return this.#allocated().contexts;
  }

  get texts(): TextWriter {
    return this.#allocated().texts;
  }

  /** Opens the next record with its time and clock, and returns its slot, or REFUSED. */
  begin(timeMs: number | undefined): number {
    if (this.#room === 0 && !this.#makeRoom()) {
      return REFUSED;
    }
    const { clock, words } = this;
    const time = clock.tick(timeMs);
    const slot = this.#cursor & this.#mask;
    this.numbers[slot * NUMBERS + TIME_AT] = time;
    words[slot * WORDS + HLC_LOW_AT] = clock.low;
    words[slot * WORDS + HLC_HIGH_AT] = clock.high;
    return slot;
  }

  /** Makes the record an event; one that is urgent can be seen by other threads at once. */
  commit(isUrgent: boolean): void {
    this.#cursor = (this.#cursor + 1) | 0;
    this.#room--;
    this.#header[PROGRESS_AT] = this.#cursor;
    if (isUrgent) {
      this.publish();
    }
  }

  /** Lets other threads see all that was committed. */
  publish(): void {
    if (this.#room === this.#granted) {
      return;
    }
    this.#published += this.#granted - this.#room;
    this.#granted = this.#room;
    storePosition(this.#header, HEAD, this.#published);
    if (Atomics.load(this.#header, WAITERS) !== 0) {
      Atomics.store(this.#header, WAITERS, 0);
      Atomics.notify(this.#header, HEAD);
    }
    this.#wakeLocal();
  }

  /** Calls `wake` once when the next event is emitted, for a reader in the same thread. */
  onNextEvent(wake: () => void): void {
    this.publish();
    this.#room = 0;
    this.#granted = 0;
    this.#wakers.add(wake);
  }

  removeWaker(wake: () => void): void {
    this.#wakers.delete(wake);
  }

  countDropped(): void {
    this.#dropped++;
    this.#noteCounts();
  }

  countThinned(): void {
    this.#thinned++;
    this.#noteCounts();
  }

  #makeRoom(): boolean {
    const { header, slots } = this.#allocated().ring;
    this.publish();
    this.#wakeLocal();
    const room = Math.min(BATCH, slots - GUARD - (this.#published - slowestGate(header)));
    if (room <= 0) {
      this.countDropped();
      return false;
    }
    this.#room = room;
    this.#granted = room;
    return true;
  }

  #noteCounts(): void {
    if (this.#memory !== undefined) {
      notePosition(this.#header, DROPPED, this.#dropped);
      notePosition(this.#header, THINNED, this.#thinned);
    }
  }

  #wakeLocal(): void {
    if (this.#wakers.size > 0) {
      const wakers = [...this.#wakers];
      this.#wakers.clear();
      for (const wake of wakers) wake();
    }
  }

  #allocated(): { readonly ring: Ring; readonly contexts: ContextWriter; readonly texts: TextWriter } {
    if (this.#memory !== undefined) {
      return this.#memory;
    }
    const ring = this.#allocate();
    this.#header = ring.header;
    this.numbers = ring.numbers;
    this.words = ring.words;
    this.#mask = ring.slots - 1;
    this.#memory = { ring, contexts: new ContextWriter(ring), texts: new TextWriter(ring) };
    this.#noteCounts();
    this.#onAllocate(ring);
    return this.#memory;
  }
}
