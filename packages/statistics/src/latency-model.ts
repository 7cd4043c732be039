import { bucketIndexOfHighWord, bucketMiddle, HIGH_WORD } from './bucket-mapping.ts';
import { LatencyBuckets, RESOLUTION, WINDOW } from './latency-buckets.ts';
import { type LatencyModelState, readLatencyState } from './latency-state.ts';
import { fitTail, type Tail, tailQuantile } from './latency-tail.ts';

/** How rare a latency must be to be flagged. */
export const LATENCY_PROBABILITY = 1e-4;
/** Values of one generation; a model knows the last one to two of them. */
export const GENERATION = 20_000;
/** The tail is fitted anew after so many values; nothing is flagged before the first fit. */
export const REFIT_EVERY = 1024;
/** How far one value that was flagged, or the lack of one, moves ln of the probability that the tail is asked for. */
const CORRECTION_STEP = 0.2;
const MOST_CORRECTION = 8;
/** More of them at once are a change, not a fit that is too low. */
const MOST_FLAGGED = 4;

const scratch = new Float64Array(1);
const words = new Uint32Array(scratch.buffer);

/**
 * What is a rare latency of one operation: flags values that the last 20,000 to 40,000 exceed with probability 1e-4.
 *
 * Latencies are so heavy-tailed that a mean and a deviation say nothing; this keeps a log-linear histogram in two
 * generations, fits the tail by Hill's estimator each 1,024 values and caches the latency where it crosses 1e-4, so that
 * `record` is an increment and a comparison: about 10 ns, no allocation. What was flagged in the end corrects the
 * probability that the fit is asked for (Gibbs and Candes 2021, Adaptive Conformal Inference), so that the share holds
 * for tails that are none of Pareto's, too. Any unit. 6 KB a model.
 */
export class LatencyModel {
  readonly #buckets: LatencyBuckets = new LatencyBuckets();
  readonly #tail: Tail = { start: 0, share: 0, index: 0 };
  #count = 0;
  #previousCount = 0;
  #untilRefit = REFIT_EVERY;
  #invalidCount = 0;
  #isEmpty = true;
  #flagged = 0;
  #correction = 0;
  #threshold = Number.POSITIVE_INFINITY;

  /** A model from `toState`, or from its JSON. @throws TypeError or RangeError for anything else */
  static fromState(state: LatencyModelState): LatencyModel {
    const checked = readLatencyState(state);
    const model = new LatencyModel();
    model.#buckets.offset = checked.offset;
    model.#isEmpty = checked.isEmpty;
    for (const [position, count] of checked.current) {
      model.#buckets.current[position] = count;
      model.#count += count;
    }
    for (const [position, count] of checked.previous) {
      model.#buckets.previous[position] = count;
      model.#previousCount += count;
    }
    model.#untilRefit = checked.untilRefit;
    model.#invalidCount = checked.invalidCount;
    Object.assign(model.#tail, checked.tail);
    model.#flagged = checked.flagged;
    model.#correction = checked.correction;
    model.#setThreshold();
    return model;
  }

  /** The latency above which `record` flags; Infinity before the first 1,024 values. */
  get threshold(): number {
    return this.#threshold;
  }

  /** Values in the two generations that the model knows. */
  get count(): number {
    return this.#count + this.#previousCount;
  }

  /** Values that were negative, NaN or infinite, which change nothing else. */
  get invalidCount(): number {
    return this.#invalidCount;
  }

  /** Takes a latency in; true when it is rarer than 1 in 10,000 of those before it. */
  record(latency: number): boolean {
    scratch[0] = latency;
    const index = bucketIndexOfHighWord(words[HIGH_WORD] as number, RESOLUTION);
    let position = index - this.#buckets.offset;
    if (position < 0 || position >= WINDOW || this.#isEmpty) {
      position = this.#positionOutside(latency, index);
      if (position < 0) {
        return false;
      }
    }
    const { current } = this.#buckets;
    current[position] = (current[position] as number) + 1;
    this.#count++;
    const isRare = latency > this.#threshold;
    if (isRare) this.#flagged++;
    if (--this.#untilRefit === 0) {
      this.#refit();
    }
    return isRare;
  }

  /** The estimated probability that a latency is exceeded, by the last fit; 1 for what is not in the tail. */
  tailProbability(latency: number): number {
    const { start, share, index } = this.#tail;
    return share > 0 && latency > start ? share * (latency / start) ** (-1 / index) : 1;
  }

  /** The latency that the fraction q of those known do not exceed, within 1.6 %; NaN when there are none. */
  quantile(q: number): number {
    const rank = Math.min(Math.max(q, 0), 1) * this.count;
    let below = 0;
    for (let position = 0; position < WINDOW && this.count > 0; position++) {
      below += this.#buckets.countAt(position);
      if (below > 0 && below >= rank) {
        return bucketMiddle(this.#buckets.offset + position, RESOLUTION);
      }
    }
    return Number.NaN;
  }

  /** A copy as plain JSON, for `fromState`. */
  toState(): LatencyModelState {
    return {
      version: 1,
      offset: this.#buckets.offset,
      isEmpty: this.#isEmpty,
      current: pairs(this.#buckets.current),
      previous: pairs(this.#buckets.previous),
      untilRefit: this.#untilRefit,
      invalidCount: this.#invalidCount,
      flagged: this.#flagged,
      correction: this.#correction,
      tail: { ...this.#tail },
    };
  }

  /** For values that fall outside the window, the first one, and those that are no latency (-1). */
  #positionOutside(latency: number, index: number): number {
    if (!(latency >= 0 && latency < Number.POSITIVE_INFINITY)) {
      this.#invalidCount++;
      return -1;
    }
    // Zeros say nothing of where the window should lie.
    if (this.#isEmpty && latency > 0) {
      this.#isEmpty = false;
      this.#buckets.offset = index - WINDOW / 2;
    }
    return latency > 0 ? this.#buckets.include(index) : 0;
  }

  #refit(): void {
    this.#untilRefit = REFIT_EVERY;
    if (this.#threshold < Number.POSITIVE_INFINITY) {
      const surplus = Math.min(this.#flagged, MOST_FLAGGED) - REFIT_EVERY * LATENCY_PROBABILITY;
      const correction = this.#correction - CORRECTION_STEP * surplus;
      this.#correction = Math.min(Math.max(correction, -MOST_CORRECTION), MOST_CORRECTION);
    }
    this.#flagged = 0;
    fitTail(this.#buckets, this.count, this.#tail);
    this.#setThreshold();
    if (this.#count >= GENERATION) {
      this.#buckets.swap();
      this.#previousCount = this.#count;
      this.#count = 0;
    }
  }

  #setThreshold(): void {
    this.#threshold = tailQuantile(this.#tail, LATENCY_PROBABILITY * Math.exp(this.#correction));
  }
}

function pairs(counts: Uint32Array): [position: number, count: number][] {
  return Array.from(counts.entries()).filter(([, count]) => count > 0);
}
