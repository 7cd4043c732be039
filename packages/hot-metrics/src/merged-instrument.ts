import { decode, OVERFLOW_KEY } from './attribute-set.ts';
import { COUNTER_CELLS, COUNTS, EXEMPLAR_CELLS, GAUGE_CELLS } from './layout.ts';
import type { InstrumentDefinition } from './options.ts';
import type { HotAttributes } from './types.ts';

/** One series, all threads together. */
export interface MergedSeries {
  readonly key: string;
  readonly attributes: HotAttributes;
  /** First cell of its row in a snapshot. */
  readonly slot: number;
  /** Place of its extremes in an `ExtremeWindow`; means nothing for other kinds than histograms. */
  readonly ordinal: number;
  /** Epoch ms of the first recording into cells, 0 while there was none. Never moves once it is set. */
  startMs: number;
  /** Rows of live threads that add to it. */
  sources: number;
}

/** How many buckets the histograms of an instrument have, 0 for other kinds. */
export function bucketsOf({ kind, boundaries, exponential }: InstrumentDefinition): number {
  if (kind !== 'histogram') return 0;
  if (exponential === undefined) return boundaries.length + 1;
  return (exponential.maxExponent - exponential.minExponent) * 2 ** exponential.scale + 1;
}

/** Cells of a row in a block (with exemplars) or in a snapshot (without). */
export function rowSize(definition: InstrumentDefinition, withExemplars: boolean): number {
  if (definition.kind === 'gauge') return GAUGE_CELLS;
  if (definition.kind !== 'histogram') return COUNTER_CELLS;
  return COUNTS + bucketsOf(definition) * (withExemplars && definition.exemplars ? 1 + EXEMPLAR_CELLS : 1);
}

/** Instruments of different threads are one exactly if this is equal. */
export function identityOf(definition: InstrumentDefinition): string {
  const { scope, version, kind, name, unit, boundaries, exponential } = definition;
  return JSON.stringify([scope, version ?? null, kind, name.toLowerCase(), unit, boundaries, exponential ?? null]);
}

/** Places a new series takes up in the collector. */
export type Place = Pick<MergedSeries, 'slot' | 'ordinal'>;

/** The series of one instrument over all threads; bounded like the instrument of one thread. */
export class MergedInstrument {
  readonly definition: InstrumentDefinition;
  /** Cells of a row in a snapshot. */
  readonly size: number;
  readonly buckets: number;
  /** Appended to; only gauges ever lose a series. */
  readonly series: MergedSeries[] = [];
  /** Counts the series that were taken out. */
  removals = 0;
  readonly #byKey = new Map<string, MergedSeries>();
  readonly #free: Place[] = [];
  readonly #allocate: (instrument: MergedInstrument) => Place;

  constructor(definition: InstrumentDefinition, allocate: (instrument: MergedInstrument) => Place) {
    this.definition = definition;
    this.size = rowSize(definition, false);
    this.buckets = bucketsOf(definition);
    this.#allocate = allocate;
  }

  /** The series with this key; the overflow series once the instrument is full. */
  find(key: string): MergedSeries {
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const isFull = key !== OVERFLOW_KEY && this.#realSeries() >= this.definition.cardinalityLimit - 1;
    return isFull ? this.find(OVERFLOW_KEY) : this.#create(key);
  }

  /** Takes out a gauge that no live thread feeds: the last value of a thread that is gone says nothing about now. */
  remove(series: MergedSeries): void {
    this.#byKey.delete(series.key);
    this.series.splice(this.series.indexOf(series), 1);
    this.#free.push(series);
    this.removals++;
  }

  #realSeries(): number {
    return this.#byKey.size - (this.#byKey.has(OVERFLOW_KEY) ? 1 : 0);
  }

  #create(key: string): MergedSeries {
    const { slot, ordinal } = this.#free.pop() ?? this.#allocate(this);
    const series: MergedSeries = { key, attributes: decode(key), slot, ordinal, startMs: 0, sources: 0 };
    this.#byKey.set(key, series);
    this.series.push(series);
    return series;
  }
}
