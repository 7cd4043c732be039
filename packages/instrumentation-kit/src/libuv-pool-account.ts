import type { LibuvPool, LibuvPoolDescriptor, LibuvPoolSnapshot } from './libuv-pool.ts';
import {
  FAST,
  findSlot,
  INT_CELLS,
  LAST_MS,
  LOCK,
  MAX_IN_FLIGHT,
  NO_SLOT,
  NO_TICKET,
  QUEUE_MS,
  RETIRED_OPERATIONS,
  SATURATED_MS,
  SLOT_CELLS,
  SLOT_OPERATIONS,
  SLOT_WIDTH,
  SLOTS,
  SLOW,
  takeSlot,
} from './libuv-pool-memory.ts';
import { PoolQueue, type PoolState } from './libuv-pool-queue.ts';

/** Instead of a number of trips: slow work. */
const SLOW_TRIP = 0;

/** What differs by less is the same time: the shared clock is that far from zero. */
const AT_ONCE_MS = 1e-3;

/** What an account is made of; all but `memory` is passed in by tests alone. */
export interface LibuvPoolConfig {
  /** Zeroed memory of {@link LIBUV_POOL_BYTES}, shared by the accounts of all threads. */
  readonly memory: SharedArrayBuffer;
  readonly threadId: number;
  /** Asked once, at the first operation: libuv reads its variable no earlier either. */
  readonly size: () => number;
  /** Milliseconds on the clock of this thread. */
  readonly now: () => number;
  /** What makes them milliseconds on a clock that all threads share. Default 0. */
  readonly offsetMs?: number;
}

/** See {@link LibuvPool}. Never throws once it is made. */
class Account implements LibuvPool, PoolState {
  readonly #cells: Int32Array;
  readonly #totals: Float64Array;
  readonly #readSize: () => number;
  readonly #now: () => number;
  readonly #offsetMs: number;
  readonly #threadId: number;
  readonly #slot: number;
  readonly #queue: PoolQueue;
  #size = 0;
  /** Slow operations that libuv runs at once. */
  #slowLimit = 0;

  constructor(config: LibuvPoolConfig) {
    const floats = SLOT_OPERATIONS + SLOTS;
    this.#totals = new Float64Array(config.memory, 0, floats);
    this.#cells = new Int32Array(config.memory, floats * 8, INT_CELLS);
    this.#readSize = config.size;
    this.#now = config.now;
    this.#offsetMs = config.offsetMs ?? 0;
    this.#threadId = config.threadId;
    this.#slot = takeSlot(this.#cells, config.threadId);
    this.#queue = new PoolQueue(config.memory, this);
  }

  get size(): number {
    if (this.#size === 0) this.#resolveSize();
    return this.#size;
  }

  get inFlight(): number {
    return this.#cell(FAST) + this.#cell(SLOW);
  }

  get queued(): number {
    return this.#queued(this.#cell(FAST), this.#cell(SLOW));
  }

  get slowLimit(): number {
    return this.#slowLimit;
  }

  fast(): number {
    return this.#cell(FAST);
  }

  slow(): number {
    return this.#cell(SLOW);
  }

  enter(nowMs?: number, trips: number = 1): number {
    return this.#change(FAST, 1, nowMs) ? this.#queue.push(trips, this.#sharedMs(nowMs)) : NO_TICKET;
  }

  leave(nowMs?: number, ticket: number = NO_TICKET): void {
    if (this.#change(FAST, -1, nowMs)) this.#queue.ended(this.#sharedMs(nowMs), ticket);
  }

  enterSlow(nowMs?: number): number {
    return this.#change(SLOW, 1, nowMs) ? this.#queue.push(SLOW_TRIP, this.#sharedMs(nowMs)) : NO_TICKET;
  }

  leaveSlow(nowMs?: number, ticket: number = NO_TICKET): void {
    if (this.#change(SLOW, -1, nowMs)) this.#queue.ended(this.#sharedMs(nowMs), ticket);
  }

  takenUpMs(ticket: number, startMs: number, endMs: number): number {
    if (ticket === NO_TICKET) return startMs;
    const startedMs = this.#queue.startedMs(ticket) - this.#offsetMs;
    return startedMs - startMs < AT_ONCE_MS ? startMs : Math.min(startedMs, endMs);
  }

  follow(): () => void {
    return this.#queue.follow();
  }

  snapshot(): LibuvPoolSnapshot {
    const { size } = this;
    const fast = this.#cell(FAST);
    const slow = this.#cell(SLOW);
    if (this.#isUnderPressure(fast, slow)) this.#advance(fast, slow);
    return {
      size,
      inFlight: fast + slow,
      queued: this.#queued(fast, slow),
      maxInFlight: this.#cell(MAX_IN_FLIGHT),
      operations: this.#operations(),
      saturatedSeconds: this.#total(SATURATED_MS) / 1000,
      queueSeconds: this.#total(QUEUE_MS) / 1000,
    };
  }

  onAllocate(listener: (descriptor: LibuvPoolDescriptor) => void): () => void {
    if (this.#slot !== NO_SLOT) listener({ version: 1, threadId: this.#threadId });
    return () => undefined;
  }

  attach(descriptor: LibuvPoolDescriptor): boolean {
    return descriptor?.version === 1 && findSlot(this.#cells, descriptor.threadId) !== NO_SLOT;
  }

  detach(threadId: number): boolean {
    const slot = findSlot(this.#cells, threadId);
    if (slot === NO_SLOT) return false;
    const cell = SLOT_CELLS + slot * SLOT_WIDTH;
    const fast = Atomics.exchange(this.#cells, cell + 1, 0);
    const slow = Atomics.exchange(this.#cells, cell + 2, 0);
    const before = { fast: this.#cell(FAST), slow: this.#cell(SLOW) };
    if (this.#isUnderPressure(before.fast, before.slow)) this.#advance(before.fast, before.slow);
    Atomics.sub(this.#cells, FAST, fast);
    Atomics.sub(this.#cells, SLOW, slow);
    this.#add(RETIRED_OPERATIONS, this.#total(SLOT_OPERATIONS + slot));
    this.#totals[SLOT_OPERATIONS + slot] = 0;
    Atomics.store(this.#cells, cell, 0);
    return true;
  }

  /** @returns whether somebody may be queueing, and somebody else wants to know */
  #change(kind: typeof FAST | typeof SLOW, by: 1 | -1, nowMs?: number): boolean {
    if (this.#size === 0) this.#resolveSize();
    const before = Atomics.add(this.#cells, kind, by);
    const fast = kind === FAST ? before : this.#cell(FAST);
    const slow = kind === SLOW ? before : this.#cell(SLOW);
    this.#note(kind, by);
    const total = fast + slow + by;
    if (total > this.#cell(MAX_IN_FLIGHT)) this.#cells[MAX_IN_FLIGHT] = total;
    // Is the clock needed at all? Only if there was pressure before, or is now.
    const added = by > 0 ? 1 : 0;
    if (!this.#isUnderPressure(kind === FAST ? fast + added : fast, kind === SLOW ? slow + added : slow)) return false;
    this.#advance(fast, slow, nowMs);
    return this.#queue.isFollowed;
  }

  #sharedMs(nowMs: number = this.#now()): number {
    return nowMs + this.#offsetMs;
  }

  /** This thread's own share: a single writer, so no atomics. */
  #note(kind: typeof FAST | typeof SLOW, by: 1 | -1): void {
    if (this.#slot === NO_SLOT) {
      if (by < 0) this.#add(RETIRED_OPERATIONS, 1);
      return;
    }
    const cell = SLOT_CELLS + this.#slot * SLOT_WIDTH + 1 + kind;
    this.#cells[cell] = this.#cell(cell) + by;
    if (by < 0) this.#add(SLOT_OPERATIONS + this.#slot, 1);
  }

  /** Adds the time since the last change, during which `fast` and `slow` operations were in flight. */
  #advance(fast: number, slow: number, nowMs: number = this.#now()): void {
    // Whoever finds the lock taken leaves the interval to its holder, which is doing the same this very moment.
    if (Atomics.compareExchange(this.#cells, LOCK, 0, 1) !== 0) return;
    const now = nowMs + this.#offsetMs;
    const elapsed = now - this.#total(LAST_MS);
    // Another thread may have read its clock later and been here earlier.
    if (elapsed > 0) {
      if (this.#isUnderPressure(fast, slow)) {
        this.#add(QUEUE_MS, elapsed * this.#queued(fast, slow));
        if (this.#running(fast, slow) === this.#size) this.#add(SATURATED_MS, elapsed);
      }
      this.#totals[LAST_MS] = now;
    }
    Atomics.store(this.#cells, LOCK, 0);
  }

  #isUnderPressure(fast: number, slow: number): boolean {
    return fast + slow >= this.#size || slow > this.#slowLimit;
  }

  /** Threads of the pool that are taken: uv__work in libuv's threadpool.c. */
  #running(fast: number, slow: number): number {
    return Math.min(this.size, fast + Math.min(slow, this.#slowLimit));
  }

  #queued(fast: number, slow: number): number {
    return Math.max(0, fast + slow - this.#running(fast, slow));
  }

  #operations(): number {
    let sum = this.#total(RETIRED_OPERATIONS);
    for (let slot = 0; slot < SLOTS; slot++) sum += this.#total(SLOT_OPERATIONS + slot);
    return sum;
  }

  #resolveSize(): void {
    this.#size = this.#readSize();
    this.#slowLimit = (this.#size + 1) >> 1;
  }

  #cell(index: number): number {
    return this.#cells[index] as number;
  }

  #total(index: number): number {
    return this.#totals[index] as number;
  }

  #add(index: number, amount: number): void {
    this.#totals[index] = this.#total(index) + amount;
  }
}

/** Creates an account over memory that is given; instrumentations use {@link libuvPool}. */
export function createLibuvPool(config: LibuvPoolConfig): LibuvPool {
  return new Account(config);
}
