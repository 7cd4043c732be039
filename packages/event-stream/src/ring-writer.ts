import { ContextWriter } from './context-ring.ts';
import { slowestGate } from './gates.ts';
import { type ClockState, HybridLogicalClock, type HybridLogicalClockConfig, INITIAL_CLOCK_STATE } from './hlc.ts';
import {
  BATCH,
  DROPPED,
  GATES_TAKEN,
  GUARD,
  HEAD,
  NUMBERS_PER_RECORD,
  STAMP,
  THINNED,
  TIME,
  WAITERS,
} from './layout.ts';
import { notePosition, storePosition } from './position.ts';
import type { Ring } from './ring.ts';
import { TextWriter } from './text-ring.ts';

// V8 turns a module's own constants into immediates, imported ones not.
const NUMBERS = NUMBERS_PER_RECORD;
const BATCH_NUMBERS = BATCH * NUMBERS_PER_RECORD;
const GATES_TAKEN_AT = GATES_TAKEN;
const TIME_AT = TIME;
const STAMP_AT = STAMP;

interface Memory {
  readonly ring: Ring;
  readonly contexts: ContextWriter;
  readonly texts: TextWriter;
}

/**
 * The single writer of a thread's ring. An event is written by `begin`, then the stores of its fields, then `commit`;
 * what is not committed is not an event.
 *
 * All that is not needed for each event is left to `#makeRoom`, which grants a few records at a time: it allocates the
 * ring for the first event, publishes the head, asks the gates of lossless subscribers, and wakes sleeping readers.
 */
export class RingWriter implements ClockState {
  readonly clock: HybridLogicalClock;
  stamp: number = INITIAL_CLOCK_STATE.stamp;
  nextMs: number = INITIAL_CLOCK_STATE.nextMs;
  numbers: Float64Array = new Float64Array(0);
  words: Int32Array = new Int32Array(0);
  readonly #allocate: () => Ring;
  readonly #onAllocate: (ring: Ring) => void;
  #memory: Memory | undefined;
  /** Index in `numbers` of the record to write next. */
  next = 0;
  /** Where the records end that may be written without asking, and where those begin that are not published. */
  #granted = 0;
  #unpublished = 0;
  /** Events published. */
  #published = 0;
  #dropped = 0;
  #thinned = 0;
  /** Index after the last record of the ring. */
  #end = 0;
  readonly #wakers = new Set<() => void>();
  #isAwaited = false;

  /** @param allocate makes the ring at the first event; `onAllocate` is told when it can be written */
  constructor(clock: HybridLogicalClockConfig, allocate: () => Ring, onAllocate: (ring: Ring) => void) {
    this.clock = new HybridLogicalClock(clock, this);
    this.#allocate = allocate;
    this.#onAllocate = onAllocate;
  }

  get counts(): { readonly produced: number; readonly dropped: number; readonly thinned: number } {
    return { produced: this.#published + this.#pending(), dropped: this.#dropped, thinned: this.#thinned };
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

  /** Whether an event at this time can be written without `begin`: the common case. The caller stores the time then. */
  isReady(timeMs: number): boolean {
    return this.next !== this.#granted && timeMs < this.nextMs;
  }

  /** Opens the next record and stores its time; false when the event is refused. */
  begin(timeMs: number): boolean {
    if (this.next === this.#granted && !this.#makeRoom()) {
      return false;
    }
    const time = Number.isNaN(timeMs) ? this.clock.now() : timeMs;
    this.numbers[this.next + TIME_AT] = time < this.nextMs ? time : this.clock.settle(time);
    return true;
  }

  /** Makes the record an event. */
  commit(): void {
    this.numbers[this.next + STAMP_AT] = ++this.stamp;
    this.next += NUMBERS;
  }

  /** Lets other threads see all that was committed. */
  publish(): void {
    const pending = this.#pending();
    if (pending === 0 || this.#memory === undefined) {
      return;
    }
    const { header } = this.#memory.ring;
    this.#published += pending;
    this.#unpublished = this.next;
    storePosition(header, HEAD, this.#published);
    if (Atomics.load(header, WAITERS) !== 0) {
      Atomics.store(header, WAITERS, 0);
      Atomics.notify(header, HEAD);
    }
    if (this.#isAwaited) this.#wakeLocal();
  }

  /** Calls `wake` once when the next event is emitted, for a reader in the same thread. */
  onNextEvent(wake: () => void): void {
    this.publish();
    this.#granted = this.next;
    this.#wakers.add(wake);
    this.#isAwaited = true;
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

  /** Grants the next records, as many as lie side by side, up to a batch; false when there is none to be had. */
  #makeRoom(): boolean {
    const { header } = (this.#memory ?? this.#allocated()).ring;
    this.publish();
    if (this.#isAwaited) this.#wakeLocal();
    const start = this.next === this.#end ? 0 : this.next;
    const end = Math.min(start + BATCH_NUMBERS, this.#end);
    // A plain read: a gate that is just being taken is seen a batch later, and has left room for that.
    const granted = header[GATES_TAKEN_AT] === 0 ? end : Math.min(end, start + this.#unreadRoom(header));
    this.next = start;
    this.#unpublished = start;
    this.#granted = granted;
    if (granted === start) {
      this.countDropped();
      return false;
    }
    return true;
  }

  /** How many numbers may be written before records would be overwritten that a lossless subscriber has not read. */
  #unreadRoom(header: Int32Array): number {
    const unread = this.#published - slowestGate(header);
    const readable = this.#end / NUMBERS - GUARD;
    return Math.max(0, readable - unread) * NUMBERS;
  }

  #pending(): number {
    return (this.next - this.#unpublished) / NUMBERS;
  }

  #noteCounts(): void {
    if (this.#memory !== undefined) {
      notePosition(this.#memory.ring.header, DROPPED, this.#dropped);
      notePosition(this.#memory.ring.header, THINNED, this.#thinned);
    }
  }

  #wakeLocal(): void {
    const wakers = [...this.#wakers];
    this.#wakers.clear();
    this.#isAwaited = false;
    for (const wake of wakers) wake();
  }

  #allocated(): Memory {
    if (this.#memory !== undefined) {
      return this.#memory;
    }
    const ring = this.#allocate();
    this.numbers = ring.numbers;
    this.words = ring.words;
    this.#end = ring.numbers.length;
    this.#memory = { ring, contexts: new ContextWriter(ring), texts: new TextWriter(ring) };
    this.#noteCounts();
    this.#onAllocate(ring);
    return this.#memory;
  }
}
