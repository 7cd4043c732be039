import type { Context, Histogram } from '@opentelemetry/api';
import type { Region } from './block-arena.ts';
import { type BucketMapping, bucketOf } from './bucket-mapping.ts';
import type { ExemplarSlots } from './exemplar-slots.ts';
import type { HandleOwner, RoutedHandle } from './handles.ts';
import { COUNTS, MAX, MIN, STAMP, SUM, WINDOW } from './layout.ts';
import type { BoundHistogram, ExemplarContext, HotAttributes } from './types.ts';

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
    else this.#count(value, context);
  }

  #count(value: number, context: ExemplarContext | undefined): void {
    const { cells, base } = this;
    const bucket = bucketOf(this.#mapping, value);
    (cells[base + COUNTS + bucket] as number) += 1;
    (cells[base + SUM] as number) += value;
    const window = cells[WINDOW] as number;
    if (cells[base + STAMP] !== window) {
      // The stamp last: a collector must not take the new window's number for one of the old extremes.
      cells[base + MIN] = value;
      cells[base + MAX] = value;
      cells[base + STAMP] = window;
    } else if (value < (cells[base + MIN] as number)) cells[base + MIN] = value;
    else if (value > (cells[base + MAX] as number)) cells[base + MAX] = value;
    if (this.#slots !== undefined) this.#slots.offer(bucket, value, context);
  }

  #recordFallback(target: Histogram, value: number, context: ExemplarContext | undefined): void {
    try {
      const active = context !== undefined && 'getValue' in context ? (context as Context) : undefined;
      target.record(value, this.attributes as Record<string, never>, active);
    } catch (error) {
      this.#owner.fallbackFailed(error);
    }
  }
}
