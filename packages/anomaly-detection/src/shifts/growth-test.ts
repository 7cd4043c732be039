/** Windows of growth, in blocks: what grows fast is told by the short ones. */
const WINDOWS = [4, 6, 8, 15, 30] as const;
const RING = 64;
/** Growth of a window, as a fraction of the highest floor before it. */
const LEAST_RATIO = 0.2;
/** Times as steep as what came before the window was. */
const STEEPER = 3;
/** Part of the steps from block to block that have to lead up. */
const RISING = 0.6;
/** So much of the growth may have come before its onset. */
const ONSET_PART = 0.2;
/** The first blocks of all tell of a process that starts; so many are needed before a window, and as many as it has itself. */
const STARTING_BLOCKS = 3;
const BLOCKS_BEFORE = 4;

export interface GrowthTestConfig {
  /** Values that make up a block; the lowest one counts, since garbage comes and goes. */
  readonly blockLength: number;
  /** Growth that matters, in the unit of the values. */
  readonly least: number;
}

/**
 * Whether a level rises and rises. It looks at the lowest values of consecutive blocks, so that the sawtooth of garbage
 * collection counts by its floor, and compares the last two with the highest floor before a window, for windows of 4 to
 * 30 blocks. It asks for growth that matters, most steps upwards, and a slope well above that of the time before: what
 * has always been growing is how this process is, and what grows in its first blocks has just started. After `restart`
 * nothing of before is compared with: a climb that is over is neither found again nor hides the next one.
 */
export class GrowthTest {
  readonly #config: GrowthTestConfig;
  readonly #floors = new Float64Array(RING);
  #blocks = 0;
  /** The first block that counts. */
  #from = STARTING_BLOCKS;
  #inBlock = 0;
  #lowest = Number.POSITIVE_INFINITY;
  #blockMs = 0;
  #blockStartMs = 0;
  /** Whether the last block showed growth that matters. */
  isGrowing = false;
  /** When the growth began: the start of the last block that had hardly risen. */
  onsetMs = 0;
  /** The highest floor before that. */
  expected: number = Number.NaN;
  /** Growth as a multiple of the least that is told. */
  strength = 0;
  /** The values that showed it. */
  windowLength = 0;

  constructor(config: GrowthTestConfig) {
    this.#config = config;
  }

  /** Takes a value in; true while it grows. What is not finite changes nothing. */
  update(nowMs: number, value: number): boolean {
    if (!Number.isFinite(value)) return this.isGrowing;
    if (this.#inBlock === 0) this.#blockStartMs = nowMs;
    if (value < this.#lowest) this.#lowest = value;
    if (++this.#inBlock >= this.#config.blockLength) this.#endBlock(nowMs);
    return this.isGrowing;
  }

  /** Starts anew with the first block that lies within the last so many values; none grows until four more. */
  restart(values: number): void {
    const whole = Math.floor(Math.max(0, values - this.#inBlock) / this.#config.blockLength);
    this.#from = Math.max(this.#from, this.#blocks - whole);
    this.isGrowing = false;
  }

  #endBlock(nowMs: number): void {
    this.#floors[this.#blocks % RING] = this.#lowest;
    this.#blocks++;
    const { blockLength } = this.#config;
    const lengthMs = ((nowMs - this.#blockStartMs) * blockLength) / Math.max(1, blockLength - 1);
    this.#blockMs = blockLength > 1 ? lengthMs : this.#blockMs;
    this.#inBlock = 0;
    this.#lowest = Number.POSITIVE_INFINITY;
    const window = WINDOWS.find((length) => this.#hasGrown(length));
    this.isGrowing = window !== undefined;
    if (window === undefined) return;
    this.windowLength = window * blockLength;
    this.onsetMs = nowMs - this.#blocksSinceOnset(window) * this.#blockMs;
  }

  /** Back to the last block whose floor had not risen yet: window lengths are coarse. */
  #blocksSinceOnset(window: number): number {
    const low = this.expected + ONSET_PART * (this.#floor(0) - this.expected);
    let risen = 0;
    while (risen < window - 1 && this.#floor(risen) > low) risen++;
    return risen + 1;
  }

  /** The floor so many blocks ago, 0 being the last one. */
  #floor(ago: number): number {
    return this.#floors[(this.#blocks - 1 - ago) % RING] as number;
  }

  #hasGrown(window: number): boolean {
    const before = Math.min(this.#blocks - this.#from, RING) - window;
    if (before < Math.max(BLOCKS_BEFORE, window)) return false;
    let ceiling = Number.NEGATIVE_INFINITY;
    for (let ago = window; ago < window + before; ago++) ceiling = Math.max(ceiling, this.#floor(ago));
    const growth = Math.min(this.#floor(0), this.#floor(1)) - ceiling;
    const least = Math.max(this.#config.least, LEAST_RATIO * Math.abs(ceiling));
    if (!(growth >= least)) return false;
    const slopeBefore = Math.max(0, ceiling - this.#floor(window + before - 1)) / before;
    if (growth / window < STEEPER * slopeBefore || this.#rising(window) < RISING) return false;
    this.expected = ceiling;
    this.strength = growth / least;
    return true;
  }

  /** Which part of the steps of a window leads up. */
  #rising(window: number): number {
    let up = 0;
    for (let ago = 0; ago < window; ago++) if (this.#floor(ago) > this.#floor(ago + 1)) up++;
    return up / window;
  }
}
