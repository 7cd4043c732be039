import type { EventRecord } from './event-types.ts';
import { RingGroupedQuery } from './grouped-query.ts';
import { DETAIL, NUMBERS_PER_RECORD, TIME, VALUE } from './layout.ts';
import { FieldDistribution, FieldSummary } from './query-kernels.ts';
import { type Matches, type QuerySource, scan } from './query-scan.ts';
import type { GroupedQuery, GroupKey, NumericField, Query, QueryFilter, Summary, TimeBucket } from './query-types.ts';
import { mergeInto } from './subscription.ts';

const DEFAULT_LIMIT = 1000;

/** A query over rings in memory; every call looks at what they hold at that moment. */
export class RingQuery implements Query {
  readonly #source: QuerySource;
  readonly #filters: readonly QueryFilter[];
  readonly #field: number;

  constructor(source: QuerySource, filters: readonly QueryFilter[] = [], field: number = VALUE) {
    this.#source = source;
    this.#filters = filters;
    this.#field = field;
  }

  where(filter: QueryFilter): Query {
    return new RingQuery(this.#source, [...this.#filters, filter], this.#field);
  }

  field(field: NumericField): Query {
    return new RingQuery(this.#source, this.#filters, field === 'detail' ? DETAIL : VALUE);
  }

  count(): number {
    let count = 0;
    for (const { selected } of this.#matches()) count += selected.length;
    return count;
  }

  rate(): number {
    let count = 0;
    let first = Number.POSITIVE_INFINITY;
    for (const { view, block, selected } of this.#matches()) {
      count += selected.length;
      for (const slot of selected) {
        first = Math.min(first, view.epochMs(block.numbers[slot * NUMBERS_PER_RECORD + TIME] as number));
      }
    }
    const since = Math.max(...this.#filters.map((filter) => filter.since ?? Number.NEGATIVE_INFINITY));
    const until = Math.min(
      this.#source.now(),
      ...this.#filters.map((filter) => filter.until ?? Number.POSITIVE_INFINITY),
    );
    const seconds = (until - (Number.isFinite(since) ? since : first)) / 1000;
    return count > 0 && seconds > 0 ? count / seconds : 0;
  }

  sum(): number {
    return this.summary().sum;
  }

  mean(): number {
    return this.summary().mean;
  }

  summary(): Summary {
    const summary = new FieldSummary();
    for (const { block, selected } of this.#matches()) summary.addAll(block.numbers, this.#field, selected);
    return summary.result();
  }

  percentiles(quantiles: readonly number[]): number[] {
    const distribution = new FieldDistribution();
    for (const { block, selected } of this.#matches()) distribution.addAll(block, this.#field, selected);
    const histogram = distribution.finish();
    return quantiles.map((quantile) => histogram.quantile(quantile));
  }

  topN(n: number): EventRecord[] {
    const top = new TopRecords(n);
    for (const { view, block, selected } of this.#matches()) {
      for (const slot of selected) {
        const value = block.numbers[slot * NUMBERS_PER_RECORD + this.#field] as number;
        if (top.accepts(value)) {
          top.add(value, view.decode(block, slot).record);
        }
      }
    }
    return top.records();
  }

  groupBy(key: GroupKey): GroupedQuery {
    return new RingGroupedQuery(() => this.#matches(), key, this.#field);
  }

  timeBuckets(widthMs: number): TimeBucket[] {
    if (!(widthMs > 0 && widthMs < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`query: width of time buckets must be a number of milliseconds > 0, got ${String(widthMs)}`);
    }
    const buckets = new Map<number, FieldSummary>();
    for (const { view, block, selected } of this.#matches()) {
      for (const slot of selected) {
        const number = slot * NUMBERS_PER_RECORD;
        const start = Math.floor(view.epochMs(block.numbers[number + TIME] as number) / widthMs) * widthMs;
        let summary = buckets.get(start);
        if (summary === undefined) {
          summary = new FieldSummary();
          buckets.set(start, summary);
        }
        summary.add(block.numbers[number + this.#field] as number);
      }
    }
    return [...buckets].sort(([a], [b]) => a - b).map(([start, summary]) => ({ start, ...summary.result() }));
  }

  records(limit: number = DEFAULT_LIMIT): EventRecord[] {
    const queues = scan(this.#source, this.#filters).map((blocks) => newest(blocks, limit));
    const records: EventRecord[] = [];
    mergeInto(records, queues, Number.POSITIVE_INFINITY);
    return records.slice(Math.max(0, records.length - limit));
  }

  *#matches(): Generator<Matches> {
    for (const blocks of scan(this.#source, this.#filters)) yield* blocks;
  }
}

/** The records with the n largest values met so far, largest first. */
class TopRecords {
  readonly #limit: number;
  readonly #entries: { readonly value: number; readonly record: EventRecord }[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether a record with this value belongs in: asked before it is decoded. Never for NaN. */
  accepts(value: number): boolean {
    const smallest = this.#entries.at(this.#limit - 1)?.value;
    return this.#limit >= 1 && (smallest === undefined ? !Number.isNaN(value) : value > smallest);
  }

  add(value: number, record: EventRecord): void {
    const place = this.#entries.findIndex((entry) => entry.value < value);
    this.#entries.splice(place < 0 ? this.#entries.length : place, 0, { value, record });
    this.#entries.length = Math.min(this.#entries.length, this.#limit);
  }

  records(): EventRecord[] {
    return this.#entries.map((entry) => entry.record);
  }
}

/** Decodes the newest `limit` matches of one ring, oldest first. */
function newest(blocks: Iterable<Matches>, limit: number): EventRecord[] {
  const records: EventRecord[] = [];
  for (const { view, block, selected } of blocks) {
    for (let i = selected.length - 1; i >= 0 && records.length < limit; i--) {
      records.push(view.decode(block, selected[i] as number).record);
    }
    if (records.length >= limit) {
      break;
    }
  }
  return records.reverse();
}
