import { readCount, readFields, readFinite } from './state.ts';

export interface PageHinkleyConfig {
  /** Changes of the mean up to this much are none, in the unit of the values; from 0. Default 0.005. */
  readonly tolerance?: number;
  /** Sum of deviations at which a change is told, in the unit of the values; above 0. Default 50. */
  readonly threshold?: number;
  /** Values before the first judgement; from 1. Default 30. */
  readonly warmUp?: number;
}

export const PAGE_HINKLEY_DEFAULTS: Required<PageHinkleyConfig> = { tolerance: 0.005, threshold: 50, warmUp: 30 };

export interface PageHinkleyState extends Required<PageHinkleyConfig> {
  readonly version: 1;
  readonly count: number;
  readonly mean: number;
  readonly rise: number;
  readonly fall: number;
}

const WHAT = 'PageHinkley';

/**
 * Page and Hinkley's test of a change of the mean (Page 1954; Hinkley 1971), both ways at once: sums up how far values
 * are from the mean so far, beyond a tolerance, and tells when a sum has moved from its extreme by the threshold. After
 * that it starts anew. A few nanoseconds, no allocation.
 */
export class PageHinkley {
  readonly config: Required<PageHinkleyConfig>;
  /** 1 when the last value revealed a rise, -1 a fall, else 0. */
  change: -1 | 0 | 1 = 0;
  #count = 0;
  #mean = 0;
  /** How far the sums are from their minimum and maximum. */
  #rise = 0;
  #fall = 0;

  /** @throws RangeError for an option outside its range */
  constructor(config: PageHinkleyConfig = {}) {
    this.config = {
      tolerance: config.tolerance ?? PAGE_HINKLEY_DEFAULTS.tolerance,
      threshold: config.threshold ?? PAGE_HINKLEY_DEFAULTS.threshold,
      warmUp: config.warmUp ?? PAGE_HINKLEY_DEFAULTS.warmUp,
    };
    readFinite(WHAT, 'tolerance', this.config.tolerance, [0, Number.MAX_VALUE]);
    readFinite(WHAT, 'threshold', this.config.threshold, [Number.MIN_VALUE, Number.MAX_VALUE]);
    readCount(WHAT, 'warmUp', this.config.warmUp);
  }

  /** A test from `toState`, or from its JSON. @throws TypeError or RangeError for anything else */
  static fromState(state: PageHinkleyState): PageHinkley {
    const what = `${WHAT} state`;
    const fields = readFields(what, state, 1);
    const test = new PageHinkley(fields as PageHinkleyConfig);
    test.#count = readCount(what, 'count', fields.count);
    test.#mean = readFinite(what, 'mean', fields.mean, [-Number.MAX_VALUE, Number.MAX_VALUE]);
    test.#rise = readFinite(what, 'rise', fields.rise, [0, Number.MAX_VALUE]);
    test.#fall = readFinite(what, 'fall', fields.fall, [0, Number.MAX_VALUE]);
    return test;
  }

  /** Takes a value in and returns `change`. What is not finite changes nothing. */
  update(value: number): -1 | 0 | 1 {
    this.change = 0;
    if (!Number.isFinite(value)) {
      return 0;
    }
    const { tolerance, threshold, warmUp } = this.config;
    this.#count++;
    this.#mean += (value - this.#mean) / this.#count;
    const deviation = value - this.#mean;
    // The distance of a sum from its minimum is that sum, held at 0 from below.
    this.#rise = Math.max(0, this.#rise + deviation - tolerance);
    this.#fall = Math.max(0, this.#fall - deviation - tolerance);
    if (this.#count >= warmUp && (this.#rise > threshold || this.#fall > threshold)) {
      this.change = this.#rise > threshold ? 1 : -1;
      this.reset();
    }
    return this.change;
  }

  /** Forgets everything but the last answer. */
  reset(): void {
    this.#count = 0;
    this.#mean = 0;
    this.#rise = 0;
    this.#fall = 0;
  }

  /** A copy as plain JSON, for `fromState`. */
  toState(): PageHinkleyState {
    return {
      version: 1,
      ...this.config,
      count: this.#count,
      mean: this.#mean,
      rise: this.#rise,
      fall: this.#fall,
    };
  }
}
