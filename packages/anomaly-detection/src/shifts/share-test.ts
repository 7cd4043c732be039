/** Calls that must have come before, and looks, until a share can be judged. */
const LEAST_BEFORE = 30;
const LEAST_LOOKS = 15;
/** The first looks tell of a process that starts: nothing is learned from them. */
const STARTING_LOOKS = 5;
/** Part of the window that is left out of what is judged: its worst looks. */
const TRIMMED = 0.2;
/** Calls in the window. */
const LEAST_NOW = 8;
const LEAST_HITS = 5;
/** -log10 of the probability by chance that a share needs. */
const EVIDENCE = 8;
/** What was seen before at its worst counts double. */
const WORST = 1.5;
/** A look far above what is usual is learned by so much: a moment is not how things are, unless it comes again. */
const BAD_WEIGHT = 0.2;
/** What came before counts half after this many looks. */
const HALF_LIFE_LOOKS = 720;
/** At a boundary of slow calls, this much of what came before may be above. */
const TAIL = 0.03;

export interface ShareTestConfig {
  /** Looks that make up the window, 2 to 60. */
  readonly looks: number;
  /** Smallest share that matters, and smallest rise over the one before. */
  readonly leastShare: number;
  /** Looks of the window that must have such a share by themselves, 1 to `looks`. */
  readonly leastHitLooks: number;
}

/**
 * Whether a share (of failed calls, of slow ones) has risen, from counts: the calls of the last few looks against those
 * of all looks before, which forget. Speaks after some 10 looks and 30 calls. What it asks for: a share so improbable
 * that chance is out of the question (likelihood ratio of two shares against one; Wilks 1938), a size that matters, well
 * above the worst window there ever was, and that in several looks, since calls that fail or wait together prove but one
 * thing: the worst fifth of the looks is left out, so that a moment in which everything stood still neither counts nor is
 * learned.
 *
 * Calls are counted in classes, least first; the share is that of the classes from a boundary on, so that what is slow
 * is found in the data: the lowest boundary that at most 3 % were above. Two classes are good and bad.
 */
export class ShareTest {
  readonly #config: ShareTestConfig;
  readonly #classes: number;
  readonly #before: Float64Array;
  readonly #ring: Float64Array;
  readonly #now: Float64Array;
  /** Lasting share of the window at each of the last looks; 0 for too few calls. */
  readonly #shares: Float64Array;
  /** Hits of each look, while the worst are sought. */
  readonly #hits: Float64Array;
  #lastingCount = 0;
  #lastingHits = 0;
  #looks = 0;
  #worst = 0;
  /** The class from which on a call is a hit. */
  boundary: number;
  /** Of the window. */
  count = 0;
  share = 0;
  /** Of what came before. */
  shareBefore = 0;
  /** -log10 of the probability of the window's share by chance. */
  evidence = 0;

  constructor(classes: number, config: ShareTestConfig) {
    this.#config = config;
    this.#classes = classes;
    this.#before = new Float64Array(classes);
    this.#ring = new Float64Array(classes * config.looks);
    this.#now = new Float64Array(classes);
    this.#shares = new Float64Array(config.looks);
    this.#hits = new Float64Array(config.looks);
    this.boundary = classes - 1;
  }

  /** Calls known from before the window. */
  get countBefore(): number {
    return sum(this.#before, 0);
  }

  get looks(): number {
    return this.#looks;
  }

  /** So many calls of the lowest class came before, in so many looks: of a share that was 0 until now. */
  assume(count: number, looks: number): void {
    this.#before[0] = count;
    this.#looks = looks - (looks % this.#config.looks);
  }

  /** A copy of the counts of what came before. */
  before(): Float64Array {
    return this.#before.slice();
  }

  /**
   * Takes in the calls of one look by class. `lowest` is the first class that may be a hit; `isFrozen` while an anomaly
   * goes on, which must not become what is usual. True when the share has risen.
   */
  update(calls: Float64Array, lowest: number, isFrozen: boolean): boolean {
    const { looks } = this.#config;
    const at = (this.#looks % looks) * this.#classes;
    if (this.#looks >= looks + STARTING_LOOKS && !isFrozen) this.#learn(at);
    this.#looks++;
    for (let i = 0; i < this.#classes; i++) {
      const calls0 = calls[i] as number;
      this.#now[i] = Math.max(0, (this.#now[i] as number) + calls0 - (this.#ring[at + i] as number));
      this.#ring[at + i] = calls0;
    }
    if (!isFrozen) this.boundary = this.#findBoundary(Math.max(1, lowest));
    const isRisen = this.#judge();
    const isKnown = this.#lastingCount >= LEAST_NOW && this.#looks >= looks + STARTING_LOOKS;
    this.#shares[(this.#looks - 1) % looks] = isKnown ? this.#lastingHits / this.#lastingCount : 0;
    return isRisen;
  }

  /** Whether the share is still as high as an anomaly's, against what came before it. */
  get isHigh(): boolean {
    return this.count >= LEAST_HITS && this.share >= this.#least / 2;
  }

  /** What came before as plain JSON. */
  toState(): { readonly before: number[]; readonly looks: number; readonly worst: number } {
    return { before: [...this.#before], looks: Math.min(this.#looks, 1e9), worst: this.#worst };
  }

  /** Takes in what `toState` gave; false, and nothing changed, for anything else. */
  restore(state: unknown): boolean {
    const { before, looks, worst } = (state ?? {}) as { before?: unknown; looks?: unknown; worst?: unknown };
    if (!Array.isArray(before) || before.length !== this.#classes || !before.every(isCount)) return false;
    if (!isCount(looks) || !isCount(worst) || worst > 1) return false;
    this.#before.set(before);
    // A window of nothing follows, which must not be learned as a look.
    this.#looks = Math.floor(looks) - (Math.floor(looks) % this.#config.looks);
    this.#worst = worst;
    return true;
  }

  get #least(): number {
    return Math.max(this.#config.leastShare, this.shareBefore + this.#config.leastShare, WORST * this.#worst);
  }

  #judge(): boolean {
    const { boundary } = this;
    this.count = sum(this.#now, 0);
    const hits = sum(this.#now, boundary);
    this.share = this.count > 0 ? hits / this.count : 0;
    const countBefore = this.countBefore;
    const hitsBefore = sum(this.#before, boundary);
    this.shareBefore = countBefore > 0 ? hitsBefore / countBefore : 0;
    this.#trim(hits);
    const lasting = this.#lastingCount > 0 ? this.#lastingHits / this.#lastingCount : 0;
    this.evidence = lasting > this.shareBefore ? this.#evidence(hitsBefore, countBefore) : 0;
    return (
      countBefore >= LEAST_BEFORE &&
      this.#looks >= LEAST_LOOKS &&
      this.#lastingCount >= LEAST_NOW &&
      this.#lastingHits >= LEAST_HITS &&
      lasting >= this.#least &&
      this.evidence >= EVIDENCE &&
      this.#isSpread()
    );
  }

  /** How much better two shares tell what was seen, before and lately, than a common one: few calls before prove little. */
  #evidence(hitsBefore: number, countBefore: number): number {
    const lasting = this.#lastingHits / this.#lastingCount;
    const common = (this.#lastingHits + hitsBefore) / (this.#lastingCount + countBefore);
    const before = countBefore > 0 ? hitsBefore / countBefore : common;
    const gain = this.#lastingCount * divergence(lasting, common) + countBefore * divergence(before, common);
    return gain / Math.LN10;
  }

  /** The calls and hits of the window without its worst looks. */
  #trim(hits: number): void {
    const { looks } = this.#config;
    this.#lastingCount = this.count;
    this.#lastingHits = hits;
    if (hits === 0) return;
    for (let look = 0; look < looks; look++) this.#hits[look] = sum(this.#look(look), this.boundary);
    for (let left = Math.floor(TRIMMED * looks); left > 0; left--) {
      const worst = indexOfLargest(this.#hits);
      this.#lastingHits -= this.#hits[worst] as number;
      this.#lastingCount -= sum(this.#look(worst), 0);
      this.#hits[worst] = -1;
    }
  }

  #look(look: number): Float64Array {
    return this.#ring.subarray(look * this.#classes, (look + 1) * this.#classes);
  }

  /** One bad moment is one, however many calls it hit: the share must be as large in several looks. */
  #isSpread(): boolean {
    const { looks, leastHitLooks, leastShare } = this.#config;
    let hit = 0;
    for (let look = 0; look < looks; look++) {
      const calls = this.#look(look);
      const hits = sum(calls, this.boundary);
      if (hits > 0 && hits >= leastShare * sum(calls, 0)) hit++;
    }
    return hit >= leastHitLooks;
  }

  /** The look that leaves the window becomes part of what came before. */
  #learn(at: number): void {
    const decay = 2 ** (-1 / HALF_LIFE_LOOKS);
    // The window that ended when this look was new, which has nothing of what may be a change now.
    this.#worst = Math.max(this.#worst * decay, this.#shares[this.#looks % this.#config.looks] as number);
    const calls = this.#ring.subarray(at, at + this.#classes);
    const count = sum(calls, 0);
    const chance = 2 * Math.sqrt(this.shareBefore * (1 - this.shareBefore) * count);
    const isBad = sum(calls, this.boundary) > (this.shareBefore + 2 * this.#config.leastShare) * count + chance;
    const weight = isBad ? BAD_WEIGHT : 1;
    for (let i = 0; i < this.#classes; i++) {
      this.#before[i] = (this.#before[i] as number) * decay + weight * (calls[i] as number);
    }
  }

  #findBoundary(lowest: number): number {
    if (this.#classes === 2) return 1;
    const allowed = TAIL * this.countBefore;
    let above = 0;
    let boundary = this.#classes;
    while (boundary > lowest) {
      above += this.#before[boundary - 1] as number;
      if (above > allowed) break;
      boundary--;
    }
    return Math.min(boundary, this.#classes - 1);
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 1e15;
}

function indexOfLargest(values: Float64Array): number {
  let largest = 0;
  for (let i = 1; i < values.length; i++) if ((values[i] as number) > (values[largest] as number)) largest = i;
  return largest;
}

function sum(values: Float64Array, from: number): number {
  let total = 0;
  for (let i = from; i < values.length; i++) total += values[i] as number;
  return total;
}

/** Kullback-Leibler divergence of two coins, in nats. */
function divergence(p: number, q: number): number {
  const heads = p > 0 ? p * Math.log(p / q) : 0;
  const tails = p < 1 ? (1 - p) * Math.log((1 - p) / (1 - q)) : 0;
  return heads + tails;
}
