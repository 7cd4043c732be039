import { isExplicit, isExponential, readCounts } from './buckets.ts';
import { DELTA, type ExplicitValue, type ExponentialValue, type PointValue } from './metric-data.ts';
import type { Window } from './window.ts';

/**
 * One attribute set of a metric, and what it had counted at the last look: turns totals into what came since. A total
 * that fell is a restart, and what it counts now came since then. NaN, infinities and negative counts say nothing.
 */
export class Member {
  readonly window: Window;
  readonly #hasFailed: boolean;
  #total = 0;
  #sum = 0;
  #counts: Float64Array | undefined;
  #scratch: Float64Array | undefined;
  /** Whether the total is known from which to count. */
  #isBased: boolean;

  /** `isNew`: it was not there at the last look, so that all it counts came since. */
  constructor(window: Window, hasFailed: boolean, isNew: boolean) {
    this.window = window;
    this.#hasFailed = hasFailed;
    this.#isBased = isNew;
  }

  /** Takes in what the SDK tells at one look. */
  take(value: PointValue, temporality: number, kind: 'counter' | 'gauge' | 'histogram'): void {
    this.window.isDelta = temporality === DELTA;
    if (typeof value === 'number') {
      if (kind === 'gauge') this.window.set(value);
      else this.#count(value, temporality);
    } else if (isExplicit(value) || isExponential(value)) this.#distribute(value, temporality);
  }

  #count(value: number, temporality: number): void {
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) {
      this.window.invalid++;
      return;
    }
    const isTotal = temporality !== DELTA;
    const came = isTotal ? this.#since(value) : value;
    if (isTotal) this.#total = value;
    this.window.add(came, this.#hasFailed);
  }

  /** What a total has grown by; 0 where it was not known from when. */
  #since(total: number): number {
    const before = this.#isBased ? this.#total : total;
    this.#isBased = true;
    return total >= before ? total - before : total;
  }

  #distribute(value: ExplicitValue | ExponentialValue, temporality: number): void {
    if (!(value.count >= 0 && value.count < Number.POSITIVE_INFINITY)) {
      this.window.invalid++;
      return;
    }
    const size = this.window.sizeFor(value);
    if (this.#counts?.length !== size) {
      this.#counts = new Float64Array(size);
      this.#scratch = new Float64Array(size);
    }
    const now = this.#scratch as Float64Array;
    readCounts(value, now);
    if (temporality === DELTA) {
      this.window.distribute(now, value.count, value.sum ?? Number.NaN, this.#hasFailed);
      return;
    }
    this.#distributeTotals(now, value);
  }

  #distributeTotals(now: Float64Array, value: ExplicitValue | ExponentialValue): void {
    const before = this.#counts as Float64Array;
    const isRestart = value.count < this.#total;
    if (isRestart) before.fill(0);
    const sumBefore = isRestart ? 0 : this.#sum;
    const came = this.#since(value.count);
    const isFirst = came === 0 && value.count > 0 && this.#total === 0 && !isRestart;
    this.#total = value.count;
    const sum = (value.sum ?? Number.NaN) - sumBefore;
    this.#sum = value.sum ?? 0;
    for (let i = 0; i < now.length; i++) {
      const total = now[i] as number;
      now[i] = Math.max(0, total - (before[i] as number));
      before[i] = total;
    }
    if (!isFirst) this.window.distribute(now, came, sum, this.#hasFailed);
  }
}
