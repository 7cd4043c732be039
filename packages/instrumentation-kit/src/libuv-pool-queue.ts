import { countDropped } from './guard.ts';
import {
  HEAD,
  NEXT_TICKET,
  NO_TICKET,
  QUEUE_CELLS,
  QUEUE_LOCK,
  QUEUE_OFFSET,
  QUEUE_SLOTS,
  QUEUED_FAST,
  READERS,
  SLOW_HEAD,
  SLOW_TAIL,
  TAIL,
} from './libuv-pool-memory.ts';

/** Stands in the queue for all slow operations, as in libuv. */
const SLOW_MESSAGE = -1;
/** In place of trips: it has ended while it was in the queue. */
const GONE = -1_000_000;
/** Tries to take the lock; it is held for some 100 ns, but its holder may lose its CPU. */
const MAX_SPINS = 200;

/** What the account knows when something changes. */
export interface PoolState {
  /** Threads of the pool. */
  readonly size: number;
  /** Slow operations that may run at once. */
  readonly slowLimit: number;
  /** Operations handed over and not finished. */
  fast(): number;
  slow(): number;
}

/**
 * The queue of the libuv pool, run along with the real one (uv__threadpool.c: one queue, first come first served, in
 * which a single message stands for all slow operations), so that for each operation that had to wait it is known when
 * a thread took it up: the end of an earlier one. It is touched only while the pool is saturated and somebody reads
 * waits. Times are those at which the loop learns of an end, so that operations which end together while the loop is
 * blocked start late here, too; that time is the block's.
 */
export class PoolQueue {
  readonly #cells: Int32Array;
  readonly #startedMs: Float64Array;
  /** Ticket by place in the queue. */
  readonly #queue: Int32Array;
  /** Tickets of slow operations. */
  readonly #slow: Int32Array;
  /** Ticket by slot, to know those that were overwritten. */
  readonly #owner: Int32Array;
  /** How often an operation has yet to go through the pool. */
  readonly #trips: Int32Array;
  readonly #state: PoolState;

  constructor(memory: SharedArrayBuffer, state: PoolState) {
    const ints = (index: number): Int32Array =>
      new Int32Array(memory, QUEUE_OFFSET + QUEUE_SLOTS * (8 + 4 * index), QUEUE_SLOTS);
    this.#startedMs = new Float64Array(memory, QUEUE_OFFSET, QUEUE_SLOTS);
    this.#queue = ints(0);
    this.#slow = ints(1);
    this.#owner = ints(2);
    this.#trips = ints(3);
    this.#cells = new Int32Array(memory, QUEUE_OFFSET + QUEUE_SLOTS * (8 + 4 * 4), QUEUE_CELLS);
    this.#state = state;
  }

  /** Whether somebody, in whatever thread, reads waits. */
  get isFollowed(): boolean {
    return this.#cell(READERS) > 0;
  }

  /** Follows the queue from now on, in all threads. Returns the undo. */
  follow(): () => void {
    Atomics.add(this.#cells, READERS, 1);
    let isFollowing = true;
    return () => {
      if (isFollowing) Atomics.sub(this.#cells, READERS, 1);
      isFollowing = false;
    };
  }

  get isEmpty(): boolean {
    return this.#cell(HEAD) === this.#cell(TAIL);
  }

  /**
   * An operation was handed over that may have to wait.
   * @param trips how often it goes through the pool one after the other; 0: it is a slow one
   * @returns its ticket, or {@link NO_TICKET}
   */
  push(trips: number, nowMs: number): number {
    if (!this.#lock()) return NO_TICKET;
    const ticket = this.#add(trips);
    this.#dispatch(nowMs, 0);
    this.#unlock();
    return ticket;
  }

  /** An operation has ended, with its ticket if it has one: the next one starts. */
  ended(nowMs: number, ticket: number): void {
    if (this.isEmpty || !this.#lock()) return;
    if (ticket !== NO_TICKET) this.#forget(ticket);
    this.#dispatch(nowMs, 1);
    this.#unlock();
  }

  /** When the operation started: `Infinity` if it has not, `-Infinity` when that is not known any more. */
  startedMs(ticket: number): number {
    const slot = ticket & (QUEUE_SLOTS - 1);
    return this.#owner[slot] === ticket ? (this.#startedMs[slot] as number) : Number.NEGATIVE_INFINITY;
  }

  #add(trips: number): number {
    const isFull = this.#count(HEAD, TAIL) >= QUEUE_SLOTS - 1 || this.#count(SLOW_HEAD, SLOW_TAIL) >= QUEUE_SLOTS - 1;
    if (isFull) {
      countDropped('kit.libuv-pool.queue');
      return NO_TICKET;
    }
    const ticket = this.#cell(NEXT_TICKET);
    this.#cells[NEXT_TICKET] = (ticket + 1) & 0x7fff_ffff;
    const slot = ticket & (QUEUE_SLOTS - 1);
    this.#owner[slot] = ticket;
    this.#trips[slot] = trips;
    this.#startedMs[slot] = Number.POSITIVE_INFINITY;
    if (trips === 0) this.#addSlow(ticket);
    else this.#enqueue(ticket);
    return ticket;
  }

  #addSlow(ticket: number): void {
    const isAnnounced = this.#cell(SLOW_HEAD) !== this.#cell(SLOW_TAIL);
    this.#slow[this.#cell(SLOW_TAIL) & (QUEUE_SLOTS - 1)] = ticket;
    this.#step(SLOW_TAIL);
    if (!isAnnounced) this.#enqueue(SLOW_MESSAGE);
  }

  /** It has ended although it seems to be queued still: it took fewer trips than thought. */
  #forget(ticket: number): void {
    const slot = ticket & (QUEUE_SLOTS - 1);
    if (this.#owner[slot] !== ticket || (this.#trips[slot] as number) <= 0) return;
    this.#trips[slot] = GONE;
    this.#cells[QUEUED_FAST] = this.#cell(QUEUED_FAST) - 1;
  }

  /** Starts what threads are free for. @param ended operations that ended, so that as many threads must be free */
  #dispatch(nowMs: number, ended: number): void {
    let free = Math.max(ended, this.#freeThreads());
    let passed = 0;
    while (free > 0 && !this.isEmpty) {
      const ticket = this.#dequeue();
      if (ticket !== SLOW_MESSAGE) free -= this.#startFast(ticket, nowMs);
      else if (this.#mayStartSlow()) free -= this.#startSlow(nowMs);
      else {
        // Behind the others; alone in the queue, it waits for the end of a slow one.
        this.#enqueue(SLOW_MESSAGE);
        passed += 1;
        if (passed > 1 || this.#count(HEAD, TAIL) === 1) return;
      }
    }
  }

  /** @returns threads taken: none by an operation that will be back in the queue at once */
  #startFast(ticket: number, nowMs: number): 0 | 1 {
    const slot = ticket & (QUEUE_SLOTS - 1);
    if (this.#trips[slot] === GONE) return 0;
    this.#cells[QUEUED_FAST] = this.#cell(QUEUED_FAST) - 1;
    this.#startedMs[slot] = nowMs;
    const left = (this.#trips[slot] as number) - 1;
    this.#trips[slot] = left;
    if (left <= 0 || this.isEmpty) return 1;
    this.#enqueue(ticket);
    return 0;
  }

  #startSlow(nowMs: number): 0 | 1 {
    if (this.#cell(SLOW_HEAD) === this.#cell(SLOW_TAIL)) return 0;
    const ticket = this.#slow[this.#cell(SLOW_HEAD) & (QUEUE_SLOTS - 1)] as number;
    this.#step(SLOW_HEAD);
    this.#startedMs[ticket & (QUEUE_SLOTS - 1)] = nowMs;
    if (this.#cell(SLOW_HEAD) !== this.#cell(SLOW_TAIL)) this.#enqueue(SLOW_MESSAGE);
    return 1;
  }

  #mayStartSlow(): boolean {
    const { slowLimit } = this.#state;
    return this.#state.slow() - this.#count(SLOW_HEAD, SLOW_TAIL) < slowLimit;
  }

  #freeThreads(): number {
    const { size } = this.#state;
    const queued = this.#cell(QUEUED_FAST) + this.#count(SLOW_HEAD, SLOW_TAIL);
    return size - (this.#state.fast() + this.#state.slow() - queued);
  }

  #enqueue(ticket: number): void {
    this.#queue[this.#cell(TAIL) & (QUEUE_SLOTS - 1)] = ticket;
    this.#step(TAIL);
    if (ticket !== SLOW_MESSAGE) this.#cells[QUEUED_FAST] = this.#cell(QUEUED_FAST) + 1;
  }

  #dequeue(): number {
    const ticket = this.#queue[this.#cell(HEAD) & (QUEUE_SLOTS - 1)] as number;
    this.#step(HEAD);
    return ticket;
  }

  #count(head: number, tail: number): number {
    return (this.#cell(tail) - this.#cell(head)) & 0x7fff_ffff;
  }

  #step(index: number): void {
    this.#cells[index] = (this.#cell(index) + 1) & 0x7fff_ffff;
  }

  #lock(): boolean {
    for (let spin = 0; spin < MAX_SPINS; spin++) {
      if (Atomics.compareExchange(this.#cells, QUEUE_LOCK, 0, 1) === 0) return true;
    }
    countDropped('kit.libuv-pool.lock');
    return false;
  }

  #unlock(): void {
    Atomics.store(this.#cells, QUEUE_LOCK, 0);
  }

  #cell(index: number): number {
    return this.#cells[index] as number;
  }
}
