/** Seconds of the budget that a pool holds at most. */
const CAPACITY_SECONDS = 2;
/** Traces that a pool holds at least, so that a budget of one trace a minute works too. */
const MIN_CAPACITY_TRACES = 10;
const COVERAGE_CAPACITY_SECONDS = 3;
/** Below this level the brake acts; it never takes more than nine tenths. */
const BRAKE_LEVEL = 0.25;
const MIN_BRAKE = 0.1;
/** How far an account may be overdrawn, of its capacity: what is beyond is forgiven. */
const MAX_DEBT = 0.25;
/** What stays for traces that begin here when parents elsewhere use up the budget. */
const MIN_OWN_SHARE = 0.05;

/**
 * The account of one budget: a token bucket whose level is the integral of the budget error (half full: on budget), and a
 * second, small one for the coverage promise.
 */
export class BudgetPool {
  #budget: number;
  /** Probability of a key that has no plan yet. */
  newProbability = 1;
  /** Cost a second of what no plan decides: sampled parents, rules, the coverage promise. */
  unplannedRate = 0;
  /** The same since the last plan, as a sum. */
  unplanned = 0;
  #tokens: number;
  #capacity: number;
  #coverageTokens: number;
  readonly #coverageShare: number;
  #refilledMs: number;

  constructor(budget: number, coverageShare: number, nowMs: number) {
    this.#budget = budget;
    this.#coverageShare = coverageShare;
    this.#capacity = Math.max(CAPACITY_SECONDS * budget, MIN_CAPACITY_TRACES);
    this.#tokens = this.#capacity / 2;
    this.#coverageTokens = this.#coverageCapacity / 2;
    this.#refilledMs = nowMs;
  }

  get budget(): number {
    return this.#budget;
  }

  /** What is refilled from now on; the level stays as it is, and {@link resize} fits the capacity at the next plan. */
  set budget(budget: number) {
    this.#budget = budget;
  }

  get #coverageRate(): number {
    return this.#budget * this.#coverageShare;
  }

  get #coverageCapacity(): number {
    return this.#coverageRate === 0 ? 0 : Math.max(1, this.#coverageRate * COVERAGE_CAPACITY_SECONDS);
  }

  /** 0 (used up, below it overdrawn) to 1 (unused for a while). */
  get level(): number {
    return this.#tokens / this.#capacity;
  }

  /** @param traceCost mean cost of a trace, which the capacity must hold several of */
  resize(traceCost: number): void {
    const capacity = Math.max(CAPACITY_SECONDS * this.budget, MIN_CAPACITY_TRACES * traceCost);
    this.#tokens *= capacity / this.#capacity;
    this.#capacity = capacity;
  }

  /** A clock that goes back adds nothing. */
  refill(nowMs: number): void {
    const seconds = (nowMs - this.#refilledMs) / 1000;
    this.#refilledMs = nowMs;
    if (!(seconds > 0)) return;
    this.#tokens = Math.min(this.#capacity, this.#tokens + seconds * this.budget);
    this.#coverageTokens = Math.min(this.#coverageCapacity, this.#coverageTokens + seconds * this.#coverageRate);
  }

  spend(cost: number): void {
    this.#tokens = Math.max(-MAX_DEBT * this.#capacity, this.#tokens - cost);
  }

  spendUnplanned(cost: number): void {
    this.unplanned += cost;
    this.spend(cost);
  }

  /** Whether the coverage promise can be paid for now. */
  get canCover(): boolean {
    return this.#coverageTokens >= 1;
  }

  /** Whether there is enough for keys that will come again. */
  get canCoverMany(): boolean {
    return this.#coverageTokens >= this.#coverageCapacity / 2;
  }

  spendCoverage(cost: number): void {
    this.#coverageTokens -= 1;
    this.spendUnplanned(cost);
  }

  /** What probabilities are multiplied by: 1, less when the account runs low. */
  get brake(): number {
    const { level } = this;
    return level >= BRAKE_LEVEL ? 1 : Math.max(level / BRAKE_LEVEL, MIN_BRAKE);
  }

  /** The cost a second that a plan may spend: what is left of the budget, corrected by the account. */
  get plannable(): number {
    const own = Math.max(this.budget - this.unplannedRate, MIN_OWN_SHARE * this.budget);
    return own * Math.min(1.5, Math.max(0.5, 0.5 + this.level));
  }
}
