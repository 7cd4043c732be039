import { type FleetCounts, FleetError, type FleetStore } from './types.ts';

const KEPT_BUCKETS = 4;
const MAX_FIELDS = 20_000;

/** Adds up in the memory of one thread. */
export class MemoryStore implements FleetStore {
  readonly #buckets = new Map<number, Map<string, number>>();

  add(bucket: number, counts: FleetCounts): Promise<void> {
    const sums = this.#sums(bucket);
    if (sums.size + counts.size > MAX_FIELDS) return Promise.reject(new FleetError('error', 'the bucket is full'));
    for (const [field, count] of counts) sums.set(field, (sums.get(field) ?? 0) + count);
    return Promise.resolve();
  }

  read(bucket: number): Promise<FleetCounts> {
    return Promise.resolve(new Map(this.#buckets.get(bucket)));
  }

  #sums(bucket: number): Map<string, number> {
    let sums = this.#buckets.get(bucket);
    if (sums === undefined) {
      sums = new Map();
      this.#buckets.set(bucket, sums);
      // In the order in which they came: a clock that jumps does not make one stay.
      for (const old of this.#buckets.keys()) if (this.#buckets.size > KEPT_BUCKETS) this.#buckets.delete(old);
    }
    return sums;
  }
}
