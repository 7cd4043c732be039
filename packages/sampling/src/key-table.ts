import { Doorkeeper } from './doorkeeper.ts';
import type { SamplingResult } from './types.ts';

const NONE = -1;
/** Arrivals of one key between two plans that question no plan. */
export const MIN_LIMIT = 8;
/** Part of the slots that is left for keys that came before. */
const RESERVE = 1 / 64;
/** Slots that are given to keys never seen before, a second, as a part of all; as many as there are at once. */
const ADMISSIONS_PER_SECOND = 1 / 120;
/** When slots are short, the rarest keys give theirs away, as many as this part of the table at most. */
const MAKE_ROOM = 1 / 16;
/** Slots that keys without one of their own share, per table. */
export const SHARED_SLOTS = 32;

/**
 * The slots of a sampler: parallel arrays, one entry a key, with chained hashing over them. Slots from `capacity` on are
 * shared: the first 32 by keys that have no slot of their own, the others one for each further budget.
 */
export class KeyTable {
  readonly capacity: number;
  readonly slots: number;
  /** Slots of keys that are in use. */
  used = 0;
  readonly isUsed: Uint8Array;
  readonly high: Int32Array;
  readonly low: Int32Array;
  readonly pool: Uint8Array;
  readonly names: string[];
  /** Arrivals since the last plan. */
  readonly count: Float64Array;
  /** Arrivals since the last plan from which on the plan is questioned. */
  readonly limit: Float64Array;
  /** Traces a second. */
  readonly rate: Float64Array;
  readonly probability: Float64Array;
  readonly threshold: Float64Array;
  readonly weight: Float64Array;
  /** Spans a trace (1 where the budget counts traces). */
  readonly cost: Float64Array;
  readonly lastKeptMs: Float64Array;
  readonly seen: Float64Array;
  readonly kept: Float64Array;
  /** What of `seen` and `kept` metrics have told. */
  readonly toldSeen: Float64Array;
  readonly toldKept: Float64Array;
  /** Which use of the slot this is: what was learnt about a former one must not reach the present one. */
  readonly generation: Uint32Array;
  /** The result of a kept trace, and the threshold that it says. */
  readonly result: (SamplingResult | undefined)[];
  readonly resultThreshold: Float64Array;
  readonly doorkeeper: Doorkeeper = new Doorkeeper();
  /** Seen and kept of keys whose slot was given away. */
  departedSeen = 0;
  departedKept = 0;
  /** Told before a slot is given away. */
  onEvict: (table: KeyTable, slot: number) => void = () => {};
  readonly #heads: Int32Array;
  readonly #next: Int32Array;
  readonly #mask: number;
  #free = 0;
  #admissions: number;

  /** @param pools budgets that share the table, at least 1 */
  constructor(capacity: number, pools: number) {
    const slots = capacity + SHARED_SLOTS + pools - 1;
    this.capacity = capacity;
    this.slots = slots;
    this.#admissions = capacity;
    const buckets = 2 ** Math.ceil(Math.log2(2 * capacity));
    this.#mask = buckets - 1;
    this.#heads = new Int32Array(buckets).fill(NONE);
    this.#next = Int32Array.from({ length: slots }, (_, slot) => (slot + 1 < capacity ? slot + 1 : NONE));
    this.isUsed = new Uint8Array(slots).fill(1, capacity);
    this.high = new Int32Array(slots);
    this.low = new Int32Array(slots);
    this.pool = new Uint8Array(slots);
    for (let pool = 1; pool < pools; pool += 1) this.pool[capacity + SHARED_SLOTS + pool - 1] = pool;
    this.names = Array.from({ length: slots }, (_, slot) => (slot < capacity ? '' : '(other)'));
    const numbers = (): Float64Array => new Float64Array(slots);
    [this.count, this.rate, this.seen, this.kept] = [numbers(), numbers(), numbers(), numbers()];
    this.limit = numbers().fill(MIN_LIMIT);
    [this.toldSeen, this.toldKept] = [numbers(), numbers()];
    [this.threshold, this.resultThreshold] = [numbers(), numbers().fill(NONE)];
    this.probability = numbers().fill(1);
    this.weight = numbers().fill(1);
    this.cost = numbers().fill(1);
    this.lastKeptMs = numbers().fill(Number.NEGATIVE_INFINITY);
    this.generation = new Uint32Array(slots);
    this.result = Array.from({ length: slots }, () => undefined);
  }

  /** The slot of a key, or -1. No allocation. */
  find(high: number, low: number): number {
    let slot = this.#heads[high & this.#mask] as number;
    while (slot !== NONE && (this.low[slot] !== low || this.high[slot] !== high)) slot = this.#next[slot] as number;
    return slot;
  }

  /**
   * A slot for a key without one, or -1. Keys never seen before get one as long as they do not come in floods; then, and
   * when slots are short, a key must have been seen before.
   */
  admit(high: number, low: number): number {
    const slot = this.#free;
    if (slot === NONE) return NONE;
    const isCalm = this.#admissions >= 1 && !this.isCrowded;
    if (!isCalm && !this.doorkeeper.admits(low)) return NONE;
    if (isCalm) this.#admissions -= 1;
    this.#free = this.#next[slot] as number;
    this.used += 1;
    this.#reset(slot);
    this.isUsed[slot] = 1;
    this.#link(slot, high, low);
    return slot;
  }

  /** Whether only the reserve is left. */
  get isCrowded(): boolean {
    return this.capacity - this.used <= this.capacity * RESERVE;
  }

  /** Time has passed: some keys never seen before may have slots again. */
  relax(seconds: number): void {
    this.#admissions = Math.min(this.capacity, this.#admissions + seconds * this.capacity * ADMISSIONS_PER_SECOND);
  }

  /** The shared slot of a key. */
  sharedSlot(high: number, pool: number): number {
    return pool === 0 ? this.capacity + (high & (SHARED_SLOTS - 1)) : this.capacity + SHARED_SLOTS + pool - 1;
  }

  isShared(slot: number): boolean {
    return slot >= this.capacity;
  }

  /** Takes over what a slot of another table knows, its name and counts included. False when nothing is free. */
  adopt(from: KeyTable, old: number): boolean {
    const slot = from.isShared(old) ? this.capacity + old - from.capacity : this.#free;
    if (slot === NONE) return false;
    if (slot < this.capacity) {
      this.#free = this.#next[slot] as number;
      this.used += 1;
      this.#reset(slot);
      this.isUsed[slot] = 1;
      this.#link(slot, from.high[old] as number, from.low[old] as number);
      this.names[slot] = from.names[old] as string;
    }
    const { rate, cost, weight, lastKeptMs, seen, kept, toldSeen, toldKept } = from;
    const own = [
      this.rate,
      this.cost,
      this.weight,
      this.lastKeptMs,
      this.seen,
      this.kept,
      this.toldSeen,
      this.toldKept,
    ];
    [rate, cost, weight, lastKeptMs, seen, kept, toldSeen, toldKept].forEach((column, n) => {
      (own[n] as Float64Array)[slot] = column[old] as number;
    });
    return true;
  }

  /** Adds what a slot of this table, or of a former one, counted to what has gone. */
  depart(table: KeyTable, slot: number): void {
    this.onEvict(table, slot);
    this.departedSeen += table.seen[slot] as number;
    this.departedKept += table.kept[slot] as number;
  }

  /** Gives a slot away. */
  evict(slot: number): void {
    this.depart(this, slot);
    this.#unlink(slot);
    this.isUsed[slot] = 0;
    this.names[slot] = '';
    this.result[slot] = undefined;
    this.#next[slot] = this.#free;
    this.#free = slot;
    this.used -= 1;
  }

  /** Gives slots of keys below a rate away, the rarest first. */
  makeRoom(rareRate: number): void {
    const rare = Array.from({ length: this.capacity }, (_, slot) => slot).filter(
      (slot) => this.isUsed[slot] === 1 && (this.rate[slot] as number) < rareRate,
    );
    rare.sort((a, b) => (this.rate[a] as number) - (this.rate[b] as number));
    for (const slot of rare.slice(0, this.capacity * MAKE_ROOM)) this.evict(slot);
  }

  /** A key is known by another name from now on; what is known of its rate stays. */
  rename(slot: number, high: number, low: number): void {
    this.#unlink(slot);
    this.#link(slot, high, low);
  }

  #reset(slot: number): void {
    const { count, rate, seen, kept, threshold, toldSeen, toldKept } = this;
    for (const column of [count, rate, seen, kept, threshold, toldSeen, toldKept]) column[slot] = 0;
    this.probability[slot] = 1;
    this.limit[slot] = MIN_LIMIT;
    this.weight[slot] = 1;
    this.cost[slot] = 1;
    this.lastKeptMs[slot] = Number.NEGATIVE_INFINITY;
    this.resultThreshold[slot] = NONE;
    this.generation[slot] = (this.generation[slot] as number) + 1;
  }

  #link(slot: number, high: number, low: number): void {
    this.high[slot] = high;
    this.low[slot] = low;
    this.#next[slot] = this.#heads[high & this.#mask] as number;
    this.#heads[high & this.#mask] = slot;
  }

  #unlink(slot: number): void {
    const bucket = (this.high[slot] as number) & this.#mask;
    if (this.#heads[bucket] === slot) {
      this.#heads[bucket] = this.#next[slot] as number;
      return;
    }
    let before = this.#heads[bucket] as number;
    while (this.#next[before] !== slot) before = this.#next[before] as number;
    this.#next[before] = this.#next[slot] as number;
  }
}
