import type { EventFilter, EventRecord } from './event-types.ts';

/** As an `EventFilter`, and when, and in which trace. */
export interface QueryFilter extends EventFilter {
  /** Epoch milliseconds, inclusive. */
  readonly since?: number;
  /** Epoch milliseconds, exclusive. */
  readonly until?: number;
  /** 32 hex digits: only events of that trace. */
  readonly traceId?: string;
}

/** Which of an event's two numbers. */
export type NumericField = 'value' | 'detail';

/** `category`, `name`, `severity`, `threadId`, `pid`, `traceId`, or the key of a label. */
export type GroupKey = 'category' | 'name' | 'severity' | 'threadId' | 'pid' | 'traceId' | (string & {});

/** Count and moments of one numeric field; NaN values are not in `sum`, `mean`, `min`, `max`. */
export interface Summary {
  readonly count: number;
  readonly sum: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

/** The summary of one group. */
export interface Group extends Summary {
  readonly key: string;
}

/** The summary of one stretch of time. */
export interface TimeBucket extends Summary {
  /** Epoch milliseconds, a multiple of the bucket's width. */
  readonly start: number;
}

/** A query over what the rings still hold. Immutable: each `where` returns a narrower one. */
export interface Query {
  /** Narrows: of two `where`, both must hold. @throws TypeError for an unknown field or a value of the wrong type */
  where(filter: QueryFilter): Query;
  /** Aggregate `detail` in place of `value`. */
  field(field: NumericField): Query;
  count(): number;
  /** Events a second: from `since`, or else from the first match, to `until`, or else to now. 0 without events. */
  rate(): number;
  sum(): number;
  mean(): number;
  summary(): Summary;
  /**
   * Quantiles 0..1 of the field, each within 1/65 (1.54 %) of an exact one; NaN without values.
   * @throws TypeError for anything but an array of such numbers
   */
  percentiles(quantiles: readonly number[]): number[];
  /** The n records with the largest field, largest first. */
  topN(n: number): EventRecord[];
  groupBy(key: GroupKey): GroupedQuery;
  /** Buckets of `widthMs` with at least one match, in order; empty ones between are left out. */
  timeBuckets(widthMs: number): TimeBucket[];
  /** The last `limit` matches (default 1,000), merged over threads, oldest first. */
  records(limit?: number): EventRecord[];
}

/** The same aggregates for each value of a key. */
export interface GroupedQuery {
  /** One summary a key, largest count first. */
  groups(): Group[];
  /** The n groups largest by a figure (default `count`). */
  topN(n: number, by?: 'count' | 'sum' | 'mean' | 'max'): Group[];
  /** Quantiles of the field a key. @throws TypeError for anything but an array of numbers from 0 to 1 */
  percentiles(quantiles: readonly number[]): Map<string, number[]>;
}
