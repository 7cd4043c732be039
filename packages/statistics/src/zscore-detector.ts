import { readCount, readFields, readFinite } from './state.ts';

export interface ZScoreDetectorConfig {
  /** Standard deviations from the mean from which on a value is anomalous; above 0. Default 3. */
  readonly threshold?: number;
  /** How long the mean and deviation remember, in milliseconds (time constant); above 0. Default 5 minutes. */
  readonly memoryMs?: number;
  /** Values before the first judgement; a whole number from 2. Default 30. */
  readonly warmUp?: number;
}

export const ZSCORE_DEFAULTS: Required<ZScoreDetectorConfig> = { threshold: 3, memoryMs: 300_000, warmUp: 30 };

/** A z-score detector as plain JSON. */
export interface ZScoreDetectorState extends Required<ZScoreDetectorConfig> {
  readonly version: 1;
  readonly count: number;
  readonly mean: number;
  readonly variance: number;
  readonly lastMs: number;
}

const WHAT = 'ZScoreDetector';
const LARGEST_VALUE = 1e150;
/** Events at the same instant still teach something. */
const LEAST_RATE = 1e-3;

/**
 * How many standard deviations a value is from the exponentially weighted mean of those before it: a dozen additions, no
 * allocation, 100 bytes. For streams of events, where a nanosecond counts and a false alarm does not; for series use the
 * `StreamingDetector`. Values beyond the threshold move mean and deviation only as far as the threshold.
 */
export class ZScoreDetector {
  readonly config: Required<ZScoreDetectorConfig>;
  /** Signed distance of the last value from the mean, in standard deviations; 0 during warm-up. */
  zScore = 0;
  #count = 0;
  #mean = 0;
  #variance = 0;
  #lastMs = 0;
  #elapsedMs = -1;
  #rate = 0;

  /** @throws RangeError for an option outside its range */
  constructor(config: ZScoreDetectorConfig = {}) {
    this.config = {
      threshold: config.threshold ?? ZSCORE_DEFAULTS.threshold,
      memoryMs: config.memoryMs ?? ZSCORE_DEFAULTS.memoryMs,
      warmUp: config.warmUp ?? ZSCORE_DEFAULTS.warmUp,
    };
    readFinite(WHAT, 'threshold', this.config.threshold, [1e-6, 1e6]);
    readFinite(WHAT, 'memoryMs', this.config.memoryMs, [1e-3, 1e12]);
    if (!Number.isInteger(this.config.warmUp) || this.config.warmUp < 2) {
      throw new RangeError(`${WHAT}: warmUp must be a whole number from 2, got ${String(this.config.warmUp)}`);
    }
  }

  /** A detector from `toState`, or from its JSON. @throws TypeError or RangeError for anything else */
  static fromState(state: ZScoreDetectorState): ZScoreDetector {
    const what = `${WHAT} state`;
    const fields = readFields(what, state, 1);
    const detector = new ZScoreDetector(fields as ZScoreDetectorConfig);
    detector.#count = readCount(what, 'count', fields.count);
    detector.#mean = readFinite(what, 'mean', fields.mean, [-LARGEST_VALUE, LARGEST_VALUE]);
    detector.#variance = readFinite(what, 'variance', fields.variance, [0, Number.MAX_VALUE]);
    detector.#lastMs = readFinite(what, 'lastMs', fields.lastMs, [-9e15, 9e15]);
    return detector;
  }

  /** 0 to 1, 0.5 at the threshold. */
  get score(): number {
    const size = Math.abs(this.zScore);
    return size / (size + this.config.threshold);
  }

  get isAnomalous(): boolean {
    return Math.abs(this.zScore) >= this.config.threshold;
  }

  get mean(): number {
    return this.#count === 0 ? Number.NaN : this.#mean;
  }

  get standardDeviation(): number {
    return Math.sqrt(this.#variance);
  }

  get expectedLower(): number {
    return this.#mean - this.config.threshold * this.standardDeviation;
  }

  get expectedUpper(): number {
    return this.#mean + this.config.threshold * this.standardDeviation;
  }

  /** Takes a value in; true when it is anomalous. NaN, infinities and magnitudes beyond 1e150 change nothing. */
  update(timeMs: number, value: number): boolean {
    if (!(Math.abs(value) <= LARGEST_VALUE)) {
      this.zScore = 0;
      return false;
    }
    this.#count++;
    const deviation = value - this.#mean;
    const scale = Math.sqrt(this.#variance);
    const isWarm = this.#count > this.config.warmUp;
    this.zScore = isWarm ? zScoreOf(deviation, scale) : 0;
    const { threshold } = this.config;
    const clipped = isWarm && scale > 0 ? clip(deviation, threshold * scale) : deviation;
    const rate = this.#rateAfter(timeMs);
    this.#mean += rate * clipped;
    // West's update (1979, Updating Mean and Variance Estimates) with exponential weights.
    this.#variance = (1 - rate) * (this.#variance + rate * clipped * clipped);
    return this.isAnomalous;
  }

  /** A copy as plain JSON, for `fromState`. */
  toState(): ZScoreDetectorState {
    return {
      version: 1,
      ...this.config,
      count: this.#count,
      mean: this.#mean,
      variance: this.#variance,
      lastMs: this.#lastMs,
    };
  }

  #rateAfter(timeMs: number): number {
    const elapsedMs = timeMs - this.#lastMs;
    // Not a NaN, which would stay for ever.
    if (!Number.isNaN(timeMs)) this.#lastMs = timeMs;
    if (elapsedMs !== this.#elapsedMs) {
      this.#elapsedMs = elapsedMs;
      this.#rate = elapsedMs > 0 ? 1 - Math.exp(-elapsedMs / this.config.memoryMs) : 0;
    }
    const young = 1 / this.#count;
    return this.#rate > young ? this.#rate : Math.max(young, LEAST_RATE);
  }
}

/** Of a value that differs where none ever did. */
const FIRST_CHANGE = 1e6;

function zScoreOf(deviation: number, scale: number): number {
  if (scale > 0) return deviation / scale;
  return deviation === 0 ? 0 : Math.sign(deviation) * FIRST_CHANGE;
}

function clip(value: number, limit: number): number {
  return value > limit ? limit : Math.max(value, -limit);
}
