import type { EventRecord } from './event-types.ts';
import { checkQuantiles, checkQueryFilter } from './filter.ts';
import { type Matches, RingGroupedQuery } from './grouped-query.ts';
import { DETAIL, NUMBERS_PER_RECORD, TIME, VALUE } from './layout.ts';
import { FieldDistribution, FieldSummary } from './query-kernels.ts';
import { type QuerySource, type RingScan, type ScannedBlock, scan } from './query-scan.ts';
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
    checkQueryFilter(filter);
    return new RingQuery(this.#source, [...this.#filters, filter], this.#field);
  }

  field(field: NumericField): Query {
    return new RingQuery(this.#source, this.#filters, field === 'detail' ? DETAIL : VALUE);
  }

  count(): number {
    let count = 0;
    this.#each(({ selected }) => {
      count += selected.length;
    });
    return count;
  }

  rate(): number {
    let count = 0;
    let first = Number.POSITIVE_INFINITY;
    this.#each(({ view, block, selected }) => {
      count += selected.length;
      for (const slot of selected) {
        first = Math.min(first, view.epochMs(block.numbers[slot * NUMBERS_PER_RECORD + TIME] as number));
      }
    });
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
    this.#each(({ block, selected }) => summary.addAll(block.numbers, this.#field, selected));
    return summary.result();
  }

  percentiles(quantiles: readonly number[]): number[] {
    checkQuantiles(quantiles);
    const distribution = new FieldDistribution(this.#field);
    this.#eachBlock((scanned) => {
      if (scanned.isTestedByKind) {
        distribution.addByKind(scanned.block, scanned.range, scanned.test.thresholds);
      } else {
        distribution.addAll(scanned.block, scanned.select());
      }
    });
    return distribution.quantiles(quantiles);
  }

  topN(n: number): EventRecord[] {
    const top = new TopRecords(Math.floor(n));
    this.#each(({ view, block, selected }) => {
      for (const slot of selected) {
        const value = block.numbers[slot * NUMBERS_PER_RECORD + this.#field] as number;
        if (top.accepts(value)) {
          top.add(value, view.decode(block, slot));
        }
      }
    });
    return top.records();
  }

  groupBy(key: GroupKey): GroupedQuery {
    return new RingGroupedQuery((visit) => this.#each(visit), key, this.#field);
  }

  timeBuckets(widthMs: number): TimeBucket[] {
    if (!(widthMs > 0 && widthMs < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`query: width of time buckets must be a number of milliseconds > 0, got ${String(widthMs)}`);
    }
    const buckets = new Map<number, FieldSummary>();
    this.#each(({ view, block, selected }) => {
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
    });
    return [...buckets].sort(([a], [b]) => a - b).map(([start, summary]) => ({ start, ...summary.result() }));
  }

  records(limit: number = DEFAULT_LIMIT): EventRecord[] {
    const wanted = Math.floor(limit);
    const queues = scan(this.#source, this.#filters).map((ring) => newest(ring, wanted));
    const records: EventRecord[] = [];
    mergeInto(records, queues, Number.POSITIVE_INFINITY);
    return records.slice(Math.max(0, records.length - wanted));
  }

  #each(visit: (matches: Matches) => void): void {
    this.#eachBlock((scanned) => {
      const selected = scanned.select();
      if (selected.length > 0) {
        visit({ view: scanned.view, block: scanned.block, selected });
      }
    });
  }

  #eachBlock(visit: (scanned: ScannedBlock) => void): void {
    for (const ring of scan(this.#source, this.#filters)) {
      for (let scanned = ring.next(); scanned !== undefined; scanned = ring.next()) visit(scanned);
    }
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
function newest(ring: RingScan, limit: number): EventRecord[] {
  const records: EventRecord[] = [];
  while (records.length < limit) {
    const scanned = ring.next();
    if (scanned === undefined) {
      break;
    }
    for (const slot of scanned
      .select()
      .subarray(-(limit - records.length))
      .reverse()) {
      records.push(scanned.view.decode(scanned.block, slot));
    }
  }
  return records.reverse();
}
