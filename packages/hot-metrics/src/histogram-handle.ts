import type { Histogram } from '@opentelemetry/api';
import type { Region } from './block-arena.ts';
import { type BucketMapping, bucketOf } from './bucket-mapping.ts';
import { type ExemplarSlots, isContext } from './exemplar-slots.ts';
import type { HandleOwner, RoutedHandle } from './handles.ts';
import { COUNTS, MAX, MIN, STAMP, SUM, WINDOW } from './layout.ts';
import type { BoundHistogram, ExemplarContext, HotAttributes } from './types.ts';

// Copies: V8 folds a constant of this module, but reads an imported one at each use, which costs a record 2.4 of 12 ns.
const windowCell = WINDOW;
const stampCell = STAMP;
const sumCell = SUM;
const minCell = MIN;
const maxCell = MAX;
const countCells = COUNTS;

/** What the histograms of one instrument share, and what one of them alone has. */
export interface HistogramParts {
  readonly mapping: BucketMapping;
  readonly slots: ExemplarSlots | undefined;
}

/** Counts into buckets. */
export class HistogramHandle implements BoundHistogram, RoutedHandle {
  fallback: Histogram | null = null;
  readonly cells: Float64Array;
  readonly base: number;
  readonly attributes: HotAttributes;
  readonly #mapping: BucketMapping;
  readonly #slots: ExemplarSlots | undefined;
  readonly #owner: HandleOwner;

  constructor(region: Region, attributes: HotAttributes, parts: HistogramParts, owner: HandleOwner) {
    this.cells = region.cells;
    this.base = region.base;
    this.attributes = attributes;
    this.#mapping = parts.mapping;
    this.#slots = parts.slots;
    this.#owner = owner;
    this.cells[this.base + STAMP] = -1;
  }

  record(value: number, context?: ExemplarContext): void {
    if (typeof value !== 'number' || !(value >= 0 && value < Number.POSITIVE_INFINITY)) this.#owner.reject(value);
    else if (this.fallback !== null) this.#recordFallback(this.fallback, value, context);
    else {
      const { cells, base } = this;
      const bucket = bucketOf(this.#mapping, value);
      (cells[base + countCells + bucket] as number) += 1;
      (cells[base + sumCell] as number) += value;
      widen(cells, base, value);
      if (this.#slots !== undefined) this.#slots.offer(bucket, value, context);
    }
  }

  #recordFallback(target: Histogram, value: number, context: ExemplarContext | undefined): void {
    try {
      target.record(value, this.attributes as Record<string, never>, isContext(context) ? context : undefined);
    } catch (error) {
      this.#owner.fallbackFailed(error);
    }
  }
}

/** Takes a value into the extremes of the open window. */
function widen(cells: Float64Array, base: number, value: number): void {
  const window = cells[windowCell] as number;
  if (cells[base + stampCell] !== window) {
    // The stamp last: a collector must not take the new window's number for one of the old extremes.
    cells[base + minCell] = value;
    cells[base + maxCell] = value;
    cells[base + stampCell] = window;
  } else if (value < (cells[base + minCell] as number)) cells[base + minCell] = value;
  else if (value > (cells[base + maxCell] as number)) cells[base + maxCell] = value;
}
