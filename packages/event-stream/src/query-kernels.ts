import { HIGH_WORD, LogLinearHistogram } from '@sonde/statistics';
import { KIND, NUMBERS_PER_RECORD, severityOfKind, TIME, typeOfKind, WORDS_PER_RECORD } from './layout.ts';
import type { Summary } from './query-types.ts';
import type { RecordBlock } from './record-block.ts';

// V8 folds a module's own constants and functions into the code, imported ones it fetches and checks each time: these
// copies make the loops twice as fast.
const NUMBERS = NUMBERS_PER_RECORD;
const WORDS = WORDS_PER_RECORD;
const KIND_AT = KIND;
const TIME_AT = TIME;
const severityOf = severityOfKind;
const typeOf = typeOfKind;

/** Slots of a block, `to` exclusive. */
export interface SlotRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Writes the slots whose severity reaches the threshold of their type to `selected`, in order; returns how many. About
 * 2 ns a record.
 */
export function selectByKind(
  words: Int32Array,
  range: SlotRange,
  thresholds: Uint8Array,
  selected: Int32Array,
): number {
  const to = range.to | 0;
  let count = 0;
  for (let slot = range.from | 0; slot < to; slot++) {
    const kind = words[(slot * WORDS) | KIND_AT] as number;
    if (severityOf(kind) >= (thresholds[typeOf(kind)] as number)) {
      selected[count++] = slot;
    }
  }
  return count;
}

/** Keeps those of the selected slots whose time lies in [sinceMs, untilMs); returns how many. */
export function keepByTime(numbers: Float64Array, selected: Int32Array, sinceMs: number, untilMs: number): number {
  let count = 0;
  for (let i = 0; i < selected.length; i++) {
    const slot = selected[i] as number;
    const time = numbers[(slot * NUMBERS) | TIME_AT] as number;
    if (time >= sinceMs && time < untilMs) {
      selected[count++] = slot;
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

  /** Locals, because a sum kept in a field waits for memory at each step. */
  addAll(numbers: Float64Array, field: number, selected: Int32Array): void {
    let valued = 0;
    let sum = 0;
    let min = this.#min;
    let max = this.#max;
    for (let i = 0; i < selected.length; i++) {
      const value = numbers[((selected[i] as number) * NUMBERS) | field] as number;
      if (!Number.isNaN(value)) {
        valued++;
        sum += value;
        if (value < min) min = value;
        if (value > max) max = value;
      }
    }
    this.#count += selected.length;
    this.#valued += valued;
    this.#sum += sum;
    this.#min = min;
    this.#max = max;
  }

  add(value: number): void {
    this.#count++;
    if (!Number.isNaN(value)) {
      this.#valued++;
      this.#sum += value;
      this.#min = Math.min(this.#min, value);
      this.#max = Math.max(this.#max, value);
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
const LARGEST_INT32 = 0x7fff_ffff;

/**
 * The distribution of one field. The bucket of a value is read off the upper half of its bits, which lies in the ring as
 * an int32, and so is its order: no double is touched. What is no ordinary positive number goes through a histogram.
 */
export class FieldDistribution {
  readonly #field: number;
  /** Word of a record that holds the upper half of the field. */
  readonly #word: number;
  readonly #counts = new Uint32Array(BUCKETS);
  readonly #others = new LogLinearHistogram({
    bucketsPerOctave: BUCKETS_PER_OCTAVE,
    minExponent: MIN_EXPONENT,
    maxExponent: MAX_EXPONENT,
  });
  #minHigh = LARGEST_INT32;
  #maxHigh = 0;

  constructor(field: number) {
    this.#field = field;
    this.#word = 2 * field + HIGH_WORD;
  }

  /** Adds the records that `selectByKind` would select, in one pass: half the cost of two. */
  addByKind(block: RecordBlock, range: SlotRange, thresholds: Uint8Array): void {
    const { words } = block;
    const counts = this.#counts;
    const word = this.#word;
    let min = this.#minHigh;
    let max = this.#maxHigh;
    const to = range.to | 0;
    for (let slot = range.from | 0; slot < to; slot++) {
      const kind = words[(slot * WORDS) | KIND_AT] as number;
      if (severityOf(kind) >= (thresholds[typeOf(kind)] as number)) {
        const high = words[(slot * WORDS) | word] as number;
        const bucket = (high >>> SHIFT) - LOWEST;
        // Unsigned, so that one comparison keeps out what lies below as well.
        if (bucket >>> 0 < BUCKETS) {
          counts[bucket] = (counts[bucket] as number) + 1;
          min = Math.min(min, high);
          max = Math.max(max, high);
        } else {
          this.#addOther(block, slot);
        }
      }
    }
    this.#minHigh = min;
    this.#maxHigh = max;
  }

  addAll(block: RecordBlock, selected: Int32Array): void {
    for (let i = 0; i < selected.length; i++) {
      const slot = selected[i] as number;
      const high = block.words[(slot * WORDS) | this.#word] as number;
      const bucket = (high >>> SHIFT) - LOWEST;
      if (bucket >>> 0 < BUCKETS) {
        this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
        this.#minHigh = Math.min(this.#minHigh, high);
        this.#maxHigh = Math.max(this.#maxHigh, high);
      } else {
        this.#addOther(block, slot);
      }
    }
  }

  /** NaN for each when no record had a value. Call it once. */
  quantiles(quantiles: readonly number[]): number[] {
    const histogram = this.#others;
    // The range is known to 20 bits of mantissa, a millionth, and nobody asks this histogram for its sum.
    const range = { min: doubleOf(this.#minHigh), max: doubleOf(this.#maxHigh), sum: 0 };
    histogram.recordBuckets({ offset: MIN_EXPONENT * BUCKETS_PER_OCTAVE, counts: this.#counts }, range);
    return quantiles.map((quantile) => histogram.quantile(quantile));
  }

  #addOther(block: RecordBlock, slot: number): void {
    this.#others.record(block.numbers[(slot * NUMBERS) | this.#field] as number);
  }
}

const double = new Float64Array(1);
const doubleWords = new Int32Array(double.buffer);

/** The smallest double with this upper half. */
function doubleOf(high: number): number {
  doubleWords[HIGH_WORD] = high;
  doubleWords[1 - HIGH_WORD] = 0;
  return double[0] as number;
}
