import type { BucketRun } from './types.ts';

/** Counts by bucket index, in one dense array that grows by whole octaves to cover the indexes seen. */
export class BucketStore {
  readonly #lowest: number;
  readonly #highest: number;
  readonly #step: number;
  #offset = 0;
  #counts: Float64Array = new Float64Array(0);

  /** Indexes are clamped to lowest..highest; `step` is the number of buckets added at once at least. */
  constructor(lowest: number, highest: number, step: number) {
    this.#lowest = lowest;
    this.#highest = highest;
    this.#step = step;
  }

  /** Index of the first bucket of `counts`. */
  get offset(): number {
    return this.#offset;
  }

  get counts(): Float64Array {
    return this.#counts;
  }

  add(index: number, count: number): void {
    const position = index - this.#offset;
    if (position >= 0 && position < this.#counts.length) {
      this.#counts[position] = (this.#counts[position] as number) + count;
    } else {
      this.#addOutside(Math.min(Math.max(index, this.#lowest), this.#highest), count);
    }
  }

  /** Adds a run of counts and returns their total. */
  addAll(run: { readonly offset: number; readonly counts: ArrayLike<number> }): number {
    const [start, end] = nonEmptyStretch(run.counts);
    if (start === end) {
      return 0;
    }
    this.#cover(this.#clamp(run.offset + start), this.#clamp(run.offset + end - 1));
    let total = 0;
    for (let i = start; i < end; i++) {
      const count = run.counts[i] as number;
      if (count > 0) {
        this.add(run.offset + i, count);
        total += count;
      }
    }
    return total;
  }

  /** The index and count of each non-empty bucket, lowest index first. */
  entries(): [index: number, count: number][] {
    const entries: [number, number][] = [];
    for (let position = 0; position < this.#counts.length; position++) {
      const count = this.#counts[position] as number;
      if (count > 0) {
        entries.push([this.#offset + position, count]);
      }
    }
    return entries;
  }

  /** Halves each count, empties those that fall below `floor`, and returns what is left in all. */
  halve(floor: number): number {
    let total = 0;
    for (let position = 0; position < this.#counts.length; position++) {
      const half = (this.#counts[position] as number) / 2;
      this.#counts[position] = half < floor ? 0 : half;
      total += this.#counts[position] as number;
    }
    return total;
  }

  reset(): void {
    this.#counts.fill(0);
  }

  /** The non-empty stretch. */
  toRun(): BucketRun {
    const [start, end] = nonEmptyStretch(this.#counts);
    return {
      offset: start === end ? 0 : this.#offset + start,
      counts: Array.from(this.#counts.subarray(start, end)),
    };
  }

  #addOutside(index: number, count: number): void {
    const inside = this.#clamp(index);
    this.#cover(inside, inside);
    const position = inside - this.#offset;
    this.#counts[position] = (this.#counts[position] as number) + count;
  }

  #clamp(index: number): number {
    return Math.min(Math.max(index, this.#lowest), this.#highest);
  }

  /** Makes the array reach from one index to another, in whole steps. */
  #cover(first: number, last: number): void {
    const covered = this.#counts.length;
    if (covered > 0 && first >= this.#offset && last < this.#offset + covered) {
      return;
    }
    const from = covered === 0 ? first : Math.min(first, this.#offset);
    const to = covered === 0 ? last : Math.max(last, this.#offset + covered - 1);
    const offset = Math.max(Math.floor(from / this.#step) * this.#step, this.#lowest);
    const end = Math.min((Math.floor(to / this.#step) + 1) * this.#step, this.#highest + 1);
    const counts = new Float64Array(end - offset);
    counts.set(this.#counts, covered === 0 ? 0 : this.#offset - offset);
    this.#offset = offset;
    this.#counts = counts;
  }
}

/** Start and end (exclusive) of what lies between leading and trailing zeros. */
function nonEmptyStretch(counts: ArrayLike<number>): [start: number, end: number] {
  let start = 0;
  let end = counts.length;
  while (start < end && counts[start] === 0) start++;
  while (end > start && counts[end - 1] === 0) end--;
  return [start, end];
}
