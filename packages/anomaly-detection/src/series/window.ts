import { boundariesOf } from './buckets.ts';
import type { ExplicitValue, ExponentialValue } from './metric-data.ts';

/** What came since the last look, of all attribute sets of one series. */
export class Window {
  count = 0;
  failed = 0;
  sum = 0;
  /** A level, NaN when none was told. */
  level: number = Number.NaN;
  /** Whether anything was told at this look. */
  isTold = false;
  /** Whether no news means that nothing came, since only what came is told. */
  isDelta = false;
  /** Values that said nothing: NaN, infinite, negative counts. */
  invalid = 0;
  boundaries: readonly number[] | undefined;
  counts: Float64Array | undefined;

  add(came: number, hasFailed: boolean): void {
    this.isTold = true;
    this.count += came;
    if (hasFailed) this.failed += came;
  }

  set(value: number): void {
    if (!Number.isFinite(value)) {
      this.invalid++;
      return;
    }
    // Members of a level that is split by outcome add up.
    this.level = this.isTold && !Number.isNaN(this.level) ? this.level + value : value;
    this.isTold = true;
  }

  /** How many classes counts of a histogram have here. One with other boundaries than the first is read by those. */
  sizeFor(value: ExplicitValue | ExponentialValue): number {
    this.boundaries ??= boundariesOf(value);
    this.counts ??= new Float64Array(this.boundaries.length + 1);
    return this.counts.length;
  }

  distribute(counts: Float64Array, count: number, sum: number, hasFailed: boolean): void {
    this.add(count, hasFailed);
    this.sum += sum;
    const total = this.counts as Float64Array;
    for (let i = 0; i < total.length; i++) total[i] = (total[i] as number) + (counts[i] as number);
  }

  /** For the next look. */
  clear(): void {
    this.count = 0;
    this.failed = 0;
    this.sum = 0;
    this.level = Number.NaN;
    this.isTold = false;
    this.counts?.fill(0);
  }
}
