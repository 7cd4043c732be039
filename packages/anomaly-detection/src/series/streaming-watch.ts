import { StreamingDetector, type StreamingDetectorState } from '@sonde/statistics';
import { quantity } from '../incidents/sentence.ts';
import type { Range, Watch } from '../incidents/watch.ts';
import { type Relevance, relevantChange } from '../relevance.ts';
import type { Direction } from '../types.ts';
import type { Turns } from './turns.ts';

/** Values that make up what a series has been like, for the score of short histories. */
const MEMORY = 60;
/** Values before that score counts. */
const YOUNG = 8;
/** Beyond it squares overflow; such values are taken for broken ones, as the detector does. */
const LARGEST_VALUE = 1e150;
/** A score of 0.5 at so many standard deviations. */
const HALF_AT = 6;
/** How many values of a constant run the detector is shown when the first other one comes. */
const MOST_REPLAYED = 120;
/** Values in a row that must be out of range before it is an alarm, unless it is a strong one. */
const CONFIRMATIONS = 2;
const STRONG = 3;
/** Looks, that of the finding included, at which what the detector has found can be confirmed. */
const FOUND_FOR = 4;
/** Values before anything is an alarm, however long they took. */
const LEAST_VALUES = 60;

export interface StreamingWatchConfig {
  readonly signal: string;
  readonly unit: string;
  readonly relevance: Relevance;
  readonly warmUpMs: number;
  readonly turns: Turns;
}

/** Whatever is needed to go on after a restart. */
export interface StreamingWatchState {
  /** Time for which it has been learned. */
  readonly ageMs: number;
  readonly count: number;
  readonly constant: number;
  readonly detector?: StreamingDetectorState;
}

/**
 * Judges one signal by the streaming detector, once it has a history, and asks in addition that the change matters: bad
 * direction, size, and that a second value confirms it. The detector and its 10 KB come with the first value that
 * differs from those before, and most series never have one.
 */
export class StreamingWatch implements Watch {
  readonly signal: string;
  readonly unit: string;
  readonly #config: StreamingWatchConfig;
  #detector: StreamingDetector | undefined;
  #firstMs = Number.NaN;
  #lastMs = Number.NaN;
  #restoredAgeMs = 0;
  #count = 0;
  #constant = Number.NaN;
  /** Values that mean and variance are of: fewer than `#count` after a restart. */
  #seen = 0;
  #mean = 0;
  #variance = 0;
  /** Values since the last turn of the detector. */
  #sum = 0;
  #untold = 0;
  #place = 0;
  #confirmed = 0;
  #found = 0;
  #foundScore = 0;
  #foundSeverity = 0;
  #found0: Range | undefined;
  #onsetMs = 0;
  value: number = Number.NaN;
  score = 0;
  isAlarm = false;
  isOpen = false;
  direction: Direction = 'up';

  constructor(config: StreamingWatchConfig) {
    this.#place = config.turns.join();
    this.#config = config;
    this.signal = config.signal;
    this.unit = config.unit;
  }

  /** As the detector found it, when it has just done so; else as it is now, which takes some logarithms. */
  get expected(): number {
    return this.isAlarm ? (this.#found0?.expected ?? Number.NaN) : (this.#detector?.expected ?? this.#constant);
  }

  get low(): number {
    if (this.isAlarm) return this.#found0?.low ?? Number.NaN;
    const detector = this.#detector;
    return detector === undefined ? this.#constant : Math.min(detector.expectedLower, detector.expected);
  }

  get high(): number {
    if (this.isAlarm) return this.#found0?.high ?? Number.NaN;
    const detector = this.#detector;
    return detector === undefined ? this.#constant : Math.max(detector.expectedUpper, detector.expected);
  }

  /** Whether it has seen a value. */
  get isKnown(): boolean {
    return this.#count > 0;
  }

  get strength(): number {
    return this.#foundSeverity >= STRONG ? 2.2 : this.#foundSeverity >= 2 ? 1.5 : 1;
  }

  get onsetMs(): number {
    return this.#onsetMs;
  }

  /** Takes a value in; not a finite one is a gap. */
  update(nowMs: number, value: number): void {
    this.isAlarm = false;
    this.value = value;
    if (!(Math.abs(value) <= LARGEST_VALUE)) {
      this.score = 0;
      return;
    }
    // Whatever the clock did meanwhile, it is as old as it was.
    if (Number.isNaN(this.#firstMs)) this.#firstMs = nowMs - this.#restoredAgeMs;
    this.score = this.#surprise(value);
    if (this.#detector === undefined && (this.#count === 0 || value === this.#constant)) this.#constant = value;
    else this.#judge(nowMs, value);
    this.#count++;
    this.#lastMs = nowMs;
  }

  /** There was nothing to see at this look. */
  skip(): void {
    this.isAlarm = false;
    this.value = Number.NaN;
    this.score = 0;
  }

  goesOn(then: Range): boolean {
    const { value } = this;
    if (Number.isNaN(value)) return false;
    const isOutside = then.direction === 'up' ? value > then.high : value < then.low;
    return isOutside && relevantChange(this.#config.relevance, value, then.expected) === then.direction;
  }

  describe(): string {
    const { warmUpMs } = this.#config;
    if (this.#count === 0) return 'nothing seen yet';
    const age = `${this.#count} values in ${Math.round((this.#lastMs - this.#firstMs) / 1000)} s`;
    if (this.#detector === undefined) return `constant at ${quantity(this.#constant, this.unit)} (${age})`;
    const isYoung = !this.#isGrownUp(this.#lastMs);
    const learning = isYoung ? `; still learning, speaks after ${LEAST_VALUES} values and ${warmUpMs / 1000} s` : '';
    const [low, high, expected] = [this.low, this.high, this.expected].map((value) => quantity(value, this.unit));
    return `expected from ${low} to ${high}, most likely ${expected} (${age}${learning}), judged by ${this.#detector.reason || 'its history'}`;
  }

  toState(): StreamingWatchState {
    const ageMs = Number.isNaN(this.#lastMs) ? this.#restoredAgeMs : Math.max(0, this.#lastMs - this.#firstMs);
    const base = { ageMs, count: this.#count, constant: this.#constant };
    return this.#detector === undefined ? base : { ...base, detector: this.#detector.toState() };
  }

  /** Goes on from a state of `toState`; @throws TypeError or RangeError for anything else */
  restore(state: StreamingWatchState): void {
    const { ageMs, count, constant, detector } = state;
    if (![ageMs, count, constant].every(Number.isFinite) || count < 1 || ageMs < 0) {
      throw new RangeError('StreamingWatch state: ageMs, count and constant must be numbers');
    }
    this.#detector = detector === undefined ? undefined : StreamingDetector.fromState(detector);
    this.#restoredAgeMs = ageMs;
    this.#count = Math.floor(count);
    this.#constant = constant;
  }

  #judge(nowMs: number, value: number): void {
    const detector = this.#detector ?? this.#grow(nowMs);
    this.#constant = value;
    this.#sum += value;
    this.#untold++;
    if (!this.#config.turns.isTurn(this.#place)) return;
    detector.update(nowMs, this.#sum / this.#untold);
    this.#sum = 0;
    this.#untold = 0;
    this.direction = value < detector.expected ? 'down' : 'up';
    if (!this.#isGrownUp(nowMs)) return;
    if (detector.score > this.score) this.score = detector.score;
    if (detector.isAnomalous) this.#noteFound(detector);
    if (this.#found > 0 && this.#found0 !== undefined) this.#confirm(this.#found0);
  }

  #noteFound(detector: StreamingDetector): void {
    const { expected, low, high, direction } = this;
    this.#found = FOUND_FOR;
    this.#confirmed = 0;
    this.#foundScore = detector.score;
    this.#foundSeverity = detector.severity;
    this.#onsetMs = detector.onsetMs;
    this.#found0 = { expected, low, high, direction };
  }

  #confirm(found: Range): void {
    this.#found--;
    if (!this.goesOn(found)) return;
    this.#confirmed++;
    if (this.#confirmed < CONFIRMATIONS && this.#foundSeverity < STRONG) return;
    this.#found = 0;
    this.isAlarm = true;
    this.score = this.#foundScore;
    this.direction = found.direction;
  }

  #isGrownUp(nowMs: number): boolean {
    return this.#count >= LEAST_VALUES && nowMs - this.#firstMs >= this.#config.warmUpMs;
  }

  /** The detector, having been shown the constant run that has just ended. */
  #grow(nowMs: number): StreamingDetector {
    const detector = new StreamingDetector();
    const shown = Math.min(this.#count, MOST_REPLAYED);
    const stepMs = (nowMs - this.#firstMs) / Math.max(1, this.#count);
    for (let i = shown; i > 0; i--) detector.update(nowMs - i * stepMs, this.#constant);
    this.#detector = detector;
    return detector;
  }

  /** How far from the mean of late, for what moved together: 0 to 1, 0.5 at six standard deviations. */
  #surprise(value: number): number {
    const deviation = value - this.#mean;
    const rate = Math.max(1 / (this.#seen + 1), 1 / MEMORY);
    const scale = Math.sqrt(this.#variance) + 1e-9 * Math.abs(this.#mean);
    const z = this.#seen < YOUNG ? 0 : scale > 0 ? Math.abs(deviation) / scale : deviation === 0 ? 0 : 1e6;
    // After a long constant run the scale is next to nothing, and the mean has to follow all the same.
    const limit = Math.max(4 * scale, Math.abs(deviation) / 4);
    const clipped = this.#seen < YOUNG ? deviation : clip(deviation, limit);
    this.#mean += rate * clipped;
    this.#variance = (1 - rate) * (this.#variance + rate * clipped * clipped);
    this.#seen++;
    this.direction = deviation < 0 ? 'down' : 'up';
    return z / (z + HALF_AT);
  }
}

function clip(value: number, limit: number): number {
  return value > limit ? limit : Math.max(value, -limit);
}
