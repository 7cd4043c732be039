/**
 * The adaptive algorithm without OpenTelemetry: arrivals of keys in, thresholds out. Every probability is a function of
 * the past alone and never of a trace's own randomness, so that counts estimated from thresholds are unbiased.
 */
import { BudgetPool } from './budget-pool.ts';
import { isDoubtful } from './coverage.ts';
import { DistinctCounters } from './distinct-counters.ts';
import { estimateRates, followFactor } from './key-rates.ts';
import type { KeyStrategy } from './key-strategy.ts';
import { KeyTable, SHARED_SLOTS } from './key-table.ts';
import { type PlanScratch, planPool } from './plan.ts';
import { isChange, nextRate } from './rate-estimate.ts';
import { weighShared } from './shared-slots.ts';
import { isKept, NEVER, thresholdOf } from './threshold.ts';

/** What the engine needs of the sampler's options. */
export interface EngineConfig {
  /** Cost a second of each pool; the first is the main one. */
  readonly budgets: readonly number[];
  readonly maxKeys: number;
  readonly uniformity: number;
  readonly coverageMs: number;
  readonly coverageShare: number;
  readonly planIntervalMs: number;
  readonly smoothingMs: number;
}

/** Nothing is planned anew within this time: fewer arrivals say little. */
const MIN_WINDOW_MS = 20;
/** The doorkeeper and the distinct counts forget over this time. */
const AGE_MS = 10_000;
/** The rate is looked at after this part of a plan interval's arrivals, and this many at least. */
const LOOKS = 16;
const MIN_STRIDE = 16;

export class Engine {
  readonly table: KeyTable;
  readonly pools: readonly BudgetPool[];
  plans = 0;
  /** Of the last trace that {@link decides} kept. */
  threshold = 0.5;
  /** Whose probabilities hold in the main pool, if it has any. */
  strategy: KeyStrategy | undefined;
  readonly #config: EngineConfig;
  readonly #distinct: DistinctCounters = new DistinctCounters(SHARED_SLOTS);
  readonly #scratch: PlanScratch;
  /** All arrivals a second, of all pools. */
  #rate = 0;
  #seen = 0;
  /** Whether the last threshold was the coverage promise's. */
  #isCovering = false;
  #nextLook = MIN_STRIDE;
  #nowMs: number;
  /** Beginning of the period of the coverage promise. */
  #periodMs: number = Number.NEGATIVE_INFINITY;
  #plannedMs: number;
  #agedMs: number;

  constructor(config: EngineConfig, nowMs: number) {
    this.#config = config;
    this.pools = config.budgets.map((budget) => new BudgetPool(budget, config.coverageShare, nowMs));
    this.table = new KeyTable(config.maxKeys, this.pools.length);
    const numbers = (): Float64Array => new Float64Array(this.table.slots);
    const demands = { length: 0, rate: numbers(), cost: numbers(), weight: numbers(), probability: numbers() };
    this.#scratch = { slots: new Int32Array(this.table.slots), demands };
    this.#nowMs = nowMs;
    this.#plannedMs = nowMs;
    this.#agedMs = nowMs;
  }

  /** All arrivals a second. */
  get rate(): number {
    return this.#rate;
  }

  /**
   * The slot of a key: its own, a new one, or a shared one. No allocation.
   * @param pool index of the budget the key belongs to
   */
  slotOf(high: number, low: number, pool: number): number {
    const { table } = this;
    const known = table.find(high, low);
    if (known >= 0) return known;
    const slot = table.admit(high, low);
    if (slot < 0) {
      const shared = table.sharedSlot(high, pool);
      if (pool === 0) this.#distinct.add(shared - table.capacity, low);
      return shared;
    }
    table.pool[slot] = pool;
    this.#setProbability(slot, (this.pools[pool] as BudgetPool).newProbability);
    return slot;
  }

  /** Counts an arrival; true when it is time to look at the clock and call {@link look}. */
  arrive(slot: number): boolean {
    const { table } = this;
    const count = (table.count[slot] as number) + 1;
    table.count[slot] = count;
    table.seen[slot] = (table.seen[slot] as number) + 1;
    this.#seen += 1;
    return this.#seen >= this.#nextLook || count > (table.limit[slot] as number);
  }

  /** Plans early if what arrived since the last plan contradicts it. */
  look(slot: number, nowMs: number): void {
    this.advance(nowMs);
    const { table } = this;
    const sinceMs = nowMs - this.#plannedMs;
    const seconds = sinceMs / 1000;
    this.#nextLook = this.#seen + this.#stride();
    const isSurprising =
      isChange(this.#rate * seconds, this.#seen) || (table.count[slot] as number) > (table.limit[slot] as number);
    if (sinceMs >= MIN_WINDOW_MS && isSurprising) this.plan(nowMs);
  }

  #stride(): number {
    return Math.max(MIN_STRIDE, (this.#rate * this.#config.planIntervalMs) / 1000 / LOOKS);
  }

  /**
   * Whether the arrival that was just counted is kept; {@link threshold} says at which threshold. No allocation.
   * @param text where the randomness of the trace begins at `offset`, 14 hex digits
   */
  decides(slot: number, text: string, offset: number): boolean {
    const { table } = this;
    const pool = this.pools[table.pool[slot] as number] as BudgetPool;
    this.#isCovering = this.#mustCover(slot, pool);
    if (this.#isCovering) {
      this.threshold = 0;
      return true;
    }
    // The brake only raises the threshold: what is below the planned one needs no second look.
    const planned = table.threshold[slot] as number;
    if (!isKept(planned, text, offset)) return false;
    const { brake } = pool;
    this.threshold = brake === 1 ? planned : thresholdOf((table.probability[slot] as number) * brake);
    return brake === 1 || isKept(this.threshold, text, offset);
  }

  /** The threshold for the arrival that was just counted, whether the trace reaches it or not. */
  thresholdFor(slot: number): number {
    const { table } = this;
    const pool = this.pools[table.pool[slot] as number] as BudgetPool;
    this.#isCovering = this.#mustCover(slot, pool);
    if (this.#isCovering) return 0;
    const { brake } = pool;
    return brake === 1 ? (table.threshold[slot] as number) : thresholdOf((table.probability[slot] as number) * brake);
  }

  /**
   * The promise: a key of its own that comes is kept at least once in each period, as far as its account reaches. Kept out
   * of turn is only what would probably not be kept in what is left of the period; with little in the account, only keys
   * that will hardly come again.
   */
  #mustCover(slot: number, pool: BudgetPool): boolean {
    const { table } = this;
    if (this.strategy !== undefined && this.strategy.budget === undefined && table.pool[slot] === 0) return false;
    if ((table.lastKeptMs[slot] as number) >= this.#periodMs || !pool.canCover || table.isShared(slot)) return false;
    if (table.threshold[slot] === 0 && pool.brake === 1) return false;
    const arrivals = ((table.rate[slot] as number) * (this.#periodMs + this.#config.coverageMs - this.#nowMs)) / 1000;
    return isDoubtful(arrivals, table.probability[slot] as number, pool.canCoverMany);
  }

  /** The trace that {@link decides} or {@link thresholdFor} was asked about last is kept. */
  keep(slot: number, nowMs: number): void {
    this.advance(nowMs);
    const { table } = this;
    const pool = this.pools[table.pool[slot] as number] as BudgetPool;
    const cost = table.cost[slot] as number;
    if (this.#isCovering) pool.spendCoverage(cost);
    else pool.spend(cost);
    table.kept[slot] = (table.kept[slot] as number) + 1;
    table.lastKeptMs[slot] = nowMs;
  }

  /** Tells the time. A clock that went back moves what was remembered with it. */
  advance(nowMs: number): void {
    const back = this.#nowMs - nowMs;
    if (back > 0) {
      this.#plannedMs -= back;
      this.#agedMs -= back;
      const { lastKeptMs } = this.table;
      for (let slot = 0; slot < lastKeptMs.length; slot += 1) lastKeptMs[slot] = (lastKeptMs[slot] as number) - back;
    }
    this.#nowMs = nowMs;
    // coverageMs 0 promises nothing: no time is before such a period.
    const { coverageMs } = this.#config;
    this.#periodMs = coverageMs === 0 ? Number.NEGATIVE_INFINITY : nowMs - (nowMs % coverageMs);
    for (const pool of this.pools) pool.refill(nowMs);
  }

  /** Estimates every rate anew and shares the budgets. */
  plan(nowMs: number): void {
    this.advance(nowMs);
    const seconds = (nowMs - this.#plannedMs) / 1000;
    if (seconds <= 0) return;
    this.plans += 1;
    this.#plannedMs = nowMs;
    const smoothing = this.#config.smoothingMs / 1000;
    const follow = followFactor(this.table, { rate: this.#rate, seen: this.#seen }, seconds);
    estimateRates(this.table, { seconds, smoothing, follow }, this.#config.planIntervalMs / 1000);
    this.#rate = nextRate(this.#rate, this.#seen, seconds, smoothing);
    this.#seen = 0;
    this.#nextLook = this.#stride();
    this.table.relax(seconds);
    weighShared(this.table, this.#distinct);
    for (const pool of this.pools) {
      pool.unplannedRate = nextRate(pool.unplannedRate, pool.unplanned, seconds, smoothing);
      pool.unplanned = 0;
    }
    this.#share();
    if (nowMs - this.#agedMs >= AGE_MS) this.#age(nowMs);
  }

  #share(): void {
    for (let index = 0; index < this.pools.length; index += 1) {
      planPool(this, this.#scratch, { index, uniformity: this.#config.uniformity });
    }
    for (let slot = 0; slot < this.table.slots; slot += 1) {
      if (this.table.isUsed[slot] === 1) this.#setProbability(slot, this.#planned(slot));
    }
  }

  #planned(slot: number): number {
    const { table, strategy } = this;
    const planned = table.probability[slot] as number;
    if (strategy === undefined || table.pool[slot] !== 0) return planned;
    return strategy.probabilityOf(table.names[slot] as string, table.rate[slot] as number) ?? planned;
  }

  /** A slot has got its name. */
  named(slot: number): void {
    if (this.strategy !== undefined) this.#setProbability(slot, this.#planned(slot));
  }

  /** Another budget for a pool from now on; everything else goes on. */
  lease(pool: number, budget: number, nowMs: number): void {
    this.advance(nowMs);
    (this.pools[pool] as BudgetPool).budget = budget;
    this.#share();
  }

  /** Goes on from what another engine knows of the keys of its main budget, the busiest first. */
  adopt(from: Engine): void {
    const { table } = from;
    const slots = Array.from({ length: table.slots }, (_, slot) => slot).filter((slot) => table.isUsed[slot] === 1);
    slots.sort((a, b) => (table.rate[b] as number) - (table.rate[a] as number));
    for (const slot of slots) {
      const isKnown = table.pool[slot] === 0 && this.table.adopt(table, slot);
      if (!isKnown) this.table.depart(table, slot);
    }
    this.table.departedSeen += table.departedSeen;
    this.table.departedKept += table.departedKept;
    (this.pools[0] as BudgetPool).unplannedRate = (from.pools[0] as BudgetPool).unplannedRate;
    this.#rate = from.rate;
    this.#nextLook = this.#stride();
    this.#share();
  }

  #age(nowMs: number): void {
    this.#agedMs = nowMs;
    this.table.doorkeeper.age();
    this.#distinct.rotate();
  }

  #setProbability(slot: number, probability: number): void {
    const threshold = thresholdOf(probability);
    this.table.probability[slot] = probability;
    this.table.threshold[slot] = threshold;
    if (threshold === NEVER) this.table.probability[slot] = 0;
  }
}
