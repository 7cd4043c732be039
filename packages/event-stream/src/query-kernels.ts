import { HIGH_WORD, LogLinearHistogram } from '@sonde/statistics';
import { KIND, NUMBERS_PER_RECORD, severityOfKind, TIME, typeOfKind, WORDS_PER_RECORD } from './layout.ts';
import type { Summary } from './query-types.ts';
import type { RecordBlock } from './record-block.ts';

/** What a record is tested for, in terms of one ring. */
export interface RecordTest {
  /** By type number: the lowest severity that passes. */
  readonly thresholds: Uint8Array;
  /** In milliseconds of the ring's clock. */
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** Writes the slots in [from, to) that pass to `selected`, in order; returns how many. About 1 to 2 ns a record. */
export function select(
  block: RecordBlock,
  range: { readonly from: number; readonly to: number },
  test: RecordTest,
  selected: Int32Array,
): number {
  const { numbers, words } = block;
  const { thresholds, sinceMs, untilMs } = test;
  let count = 0;
  for (let slot = range.from; slot < range.to; slot++) {
    const kind = words[slot * WORDS_PER_RECORD + KIND] as number;
    if (severityOfKind(kind) >= (thresholds[typeOfKind(kind)] as number)) {
      const time = numbers[slot * NUMBERS_PER_RECORD + TIME] as number;
      if (time >= sinceMs && time < untilMs) {
        selected[count++] = slot;
      }
    }
  }
  return count;
}

/** Count, sum and range of one field of the selected records. */
export class FieldSummary {
  #count = 0;
  #valued = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;

  addAll(numbers: Float64Array, field: number, selected: Int32Array): void {
    for (let i = 0; i < selected.length; i++) {
      this.add(numbers[(selected[i] as number) * NUMBERS_PER_RECORD + field] as number);
    }
  }

  add(value: number): void {
    this.#count++;
    if (!Number.isNaN(value)) {
      this.#valued++;
      this.#sum += value;
      if (value < this.#min) this.#min = value;
      if (value > this.#max) this.#max = value;
    }
  }

  /** Mean and range are NaN when no record had a value. */
  result(): Summary {
    const hasValues = this.#valued > 0;
    return {
      count: this.#count,
      sum: this.#sum,
      mean: hasValues ? this.#sum / this.#valued : Number.NaN,
      min: hasValues ? this.#min : Number.NaN,
      max: hasValues ? this.#max : Number.NaN,
    };
  }
}

const MIN_EXPONENT = -30;
const MAX_EXPONENT = 40;
const BUCKETS_PER_OCTAVE = 32;
const LOWEST = (1023 + MIN_EXPONENT) * BUCKETS_PER_OCTAVE;
const BUCKETS = (MAX_EXPONENT - MIN_EXPONENT) * BUCKETS_PER_OCTAVE;
/** Leaves sign, exponent and five bits of the mantissa: the number of a bucket at 32 an octave. */
const SHIFT = 15;

/**
 * The distribution of one field. The bucket of a value is read off the bits that lie in the ring: about 2 ns a record.
 * What is no ordinary positive number goes through the histogram itself.
 */
export class FieldDistribution {
  readonly #counts = new Uint32Array(BUCKETS);
  readonly #histogram = new LogLinearHistogram({
    bucketsPerOctave: BUCKETS_PER_OCTAVE,
    minExponent: MIN_EXPONENT,
    maxExponent: MAX_EXPONENT,
  });
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;

  addAll(block: RecordBlock, field: number, selected: Int32Array): void {
    const { numbers, words } = block;
    for (let i = 0; i < selected.length; i++) {
      const slot = selected[i] as number;
      const bucket = ((words[slot * WORDS_PER_RECORD + 2 * field + HIGH_WORD] as number) >>> SHIFT) - LOWEST;
      const value = numbers[slot * NUMBERS_PER_RECORD + field] as number;
      if (bucket >= 0 && bucket < BUCKETS) {
        this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
        this.#sum += value;
        if (value < this.#min) this.#min = value;
        if (value > this.#max) this.#max = value;
      } else {
        this.#histogram.record(value);
      }
    }
  }

  /** The histogram of all that was added; call it once. */
  finish(): LogLinearHistogram {
    this.#histogram.recordBuckets(
      { offset: MIN_EXPONENT * BUCKETS_PER_OCTAVE, counts: this.#counts },
      { sum: this.#sum, min: this.#min, max: this.#max },
    );
    return this.#histogram;
  }
}
