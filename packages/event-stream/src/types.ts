/** The subsystem an event tells about. The order is the wire order: a category is stored as its index. */
export const CATEGORIES = [
  'process',
  'syscall',
  'scheduler',
  'memory',
  'ipc',
  'vfs',
  'network',
  'security',
  'supervisor',
  'wasm',
  'resource',
] as const;

export type Category = (typeof CATEGORIES)[number];

/** OpenTelemetry severity numbers (logs data model, "Field: SeverityNumber"): the first of each range. */
export const Severity = { TRACE: 1, DEBUG: 5, INFO: 9, WARN: 13, ERROR: 17, FATAL: 21 } as const;

/** What one field of an event means. */
export interface FieldDefinition {
  /** Attribute name, e.g. `file.operation`. */
  readonly key: string;
  /** UCUM unit of a number, e.g. `s`, `By`, `1`. */
  readonly unit?: string;
  readonly description: string;
}

/** An event type: the one source of its stored shape, its attribute names and its documentation. */
export interface EventDefinition {
  /** Unique in a stream, e.g. `sonde.vfs.slow_operation`. */
  readonly name: string;
  readonly category: Category;
  /** OpenTelemetry severity number, 1..24. */
  readonly severity: number;
  readonly description: string;
  readonly value?: FieldDefinition;
  readonly detail?: FieldDefinition;
  /** At most two interned strings. */
  readonly labels?: readonly FieldDefinition[];
  /** Text that differs from event to event, kept in the byte ring. */
  readonly text?: FieldDefinition;
}

/** The numbers and the text of one `emitText`. */
export interface TextEvent {
  readonly text: string;
  readonly timeMs?: number;
  readonly value?: number;
  readonly detail?: number;
  readonly context?: number;
}

/** Emits one event type. Take it once, keep it; never throws. */
export interface EventHandle {
  readonly definition: EventDefinition;
  /** False when the level of its category is above its severity: ask before preparing costly values. */
  readonly enabled: boolean;
  /**
   * Writes one record: no allocation, a few nanoseconds.
   * @param timeMs `performance.now()` of this thread; without it (undefined, NaN, negative) the clock is read
   * @param value NaN when left out, and then ignored by sums, means and percentiles
   * @param context what `EventStream.context` returned, 0 for none
   */
  emit(timeMs?: number, value?: number, detail?: number, context?: number): void;
  /**
   * A handle with label values (and, if given, another severity) bound; cache it, binding costs a map look-up or two.
   * @throws TypeError for a label that the definition does not name
   */
  bind(labels: { readonly [key: string]: string }, severity?: number): EventHandle;
  /** As `emit`, with dynamic text of up to 8,192 bytes UTF-8 (cut beyond). Hundreds of nanoseconds: a cold path. */
  emitText(event: TextEvent): void;
}

/** One event as readers see it. */
export interface EventRecord {
  /** Epoch milliseconds, with fractions. */
  readonly time: number;
  /** Hybrid logical clock: 48 bits of milliseconds, 16 bits of logical counter. Ascends strictly within a thread. */
  readonly hlc: bigint;
  readonly name: string;
  /** The number of the event type in the stream that reads; stable for that stream's life. */
  readonly type: number;
  readonly severity: number;
  readonly category: Category;
  /** NaN when the event carries none. */
  readonly value: number;
  /** NaN when the event carries none. */
  readonly detail: number;
  readonly labels: { readonly [key: string]: string };
  /** Empty when the event has none, or when its bytes were overwritten before it was read. */
  readonly text: string;
  /** 32 hex digits; empty without a trace, or when the context was overwritten before the event was read. */
  readonly traceId: string;
  /** 16 hex digits, or empty as `traceId`. */
  readonly spanId: string;
  /** Position in its thread's ring, from 0. */
  readonly sequence: number;
  readonly threadId: number;
  readonly pid: number;
}

/** Which events; every given field must hold, lists mean "one of". */
export interface EventFilter {
  /** The lowest severity that passes. */
  readonly severity?: number;
  readonly category?: Category | readonly Category[];
  /** Event names. */
  readonly name?: string | readonly string[];
  /** Event type numbers of the reading stream (`EventRecord.type`). */
  readonly type?: number | readonly number[];
  readonly threadId?: number | readonly number[];
  readonly pid?: number | readonly number[];
}

export interface QueryFilter extends EventFilter {
  /** Epoch milliseconds, inclusive. */
  readonly since?: number;
  /** Epoch milliseconds, exclusive. */
  readonly until?: number;
  /** 32 hex digits: only events of that trace. */
  readonly traceId?: string;
}

export interface SubscribeOptions {
  /** Where to start: with the next event (default), or with the oldest that the rings still hold. */
  readonly from?: 'now' | 'oldest';
  /**
   * Producers then refuse their newest events (counted) rather than overwrite what this subscriber has not read.
   * At most 4 such subscribers a ring; close it, or its producers stay refused. Default false.
   */
  readonly lossless?: boolean;
  readonly filter?: EventFilter;
  /** A last test on the decoded record. One that throws counts as "no", and in `failed`. */
  readonly predicate?: (record: EventRecord) => boolean;
  /** Records a `read()` returns at most when it is not told, 1..65,536. Default 256. */
  readonly batch?: number;
}

/** An independent cursor over every thread's ring. */
export interface Subscription extends AsyncIterable<EventRecord> {
  /** What has arrived, oldest first, at most `max`; an empty array when there is nothing. Never waits. */
  read(max?: number): EventRecord[];
  /** Records taken from the rings, whether delivered or filtered out. */
  readonly consumed: number;
  /** Records overwritten before they were read: produced since the start = consumed + dropped + not yet read. */
  readonly dropped: number;
  /** Calls of `predicate` that threw. */
  readonly failed: number;
  /** Ends iterators and releases the producers. Idempotent. */
  close(): void;
}

export interface ThreadStatistics {
  readonly threadId: number;
  readonly pid: number;
  /** Records written to the ring. */
  readonly produced: number;
  /** Records refused at the producer: a lossless subscriber was behind, or a value could not be stored. */
  readonly dropped: number;
  /** Events left out by `setThinning`. */
  readonly thinned: number;
  readonly slots: number;
  /** Bytes of shared memory this ring holds. */
  readonly bytes: number;
}

export interface SubscriberStatistics {
  readonly consumed: number;
  readonly dropped: number;
  readonly failed: number;
  /** Published records that it has not read yet. */
  readonly lag: number;
}

export interface StreamStatistics {
  readonly threads: readonly ThreadStatistics[];
  /** Sums over all threads, those that were detached included. */
  readonly produced: number;
  readonly dropped: number;
  readonly thinned: number;
  readonly subscribers: readonly SubscriberStatistics[];
  /** Bytes of shared memory of all rings attached. */
  readonly bytes: number;
}

/**
 * The memory of one thread's ring: can be cloned by postMessage or workerData, and attached in another thread.
 * Treat it as opaque.
 */
export interface RingDescriptor {
  readonly version: 1;
  readonly threadId: number;
  readonly pid: number;
  /** Epoch milliseconds at which the thread's `performance.now()` was 0. */
  readonly timeOriginMs: number;
  readonly header: SharedArrayBuffer;
  readonly records: SharedArrayBuffer;
  readonly text: SharedArrayBuffer;
  readonly contexts: SharedArrayBuffer;
  readonly dictionary: SharedArrayBuffer;
}

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

export interface Group extends Summary {
  readonly key: string;
}

export interface TimeBucket extends Summary {
  /** Epoch milliseconds, a multiple of the bucket's width. */
  readonly start: number;
}

/** A query over what the rings still hold. Immutable: each `where` returns a narrower one. */
export interface Query {
  /** Narrows: of two `where`, both must hold. */
  where(filter: QueryFilter): Query;
  /** Aggregate `detail` in place of `value`. */
  field(field: NumericField): Query;
  count(): number;
  /** Events a second, over [since, until) where given, else between the first and the last match. */
  rate(): number;
  sum(): number;
  mean(): number;
  summary(): Summary;
  /** Quantiles 0..1 of the field, each within 1/65 (1.54 %) of an exact one; NaN without values. */
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
  /** Quantiles of the field a key. */
  percentiles(quantiles: readonly number[]): Map<string, number[]>;
}

/** One hybrid logical timestamp as two int32 words: the high and the low half of the u64. */
export interface HybridTimestamp {
  readonly high: number;
  readonly low: number;
}

/** The hybrid logical clock of a thread (Kulkarni et al. 2014). */
export interface HybridClock {
  /** Milliseconds of the physical part of the latest timestamp. */
  readonly physicalMs: number;
  readonly logical: number;
  /** A new timestamp for a message about to be sent; `nowMs` is `performance.now()`, read when left out. */
  send(nowMs?: number): HybridTimestamp;
  /**
   * Takes a remote timestamp in, so that everything emitted from now on is ordered after it.
   * False, and nothing changed, for a malformed one or one further ahead than the permitted drift.
   */
  receive(remote: HybridTimestamp, nowMs?: number): boolean;
  /** Remote timestamps refused. */
  readonly rejected: number;
}

export interface EventStreamConfig {
  /** Milliseconds since `timeOriginMs`, monotonic. Default `performance.now`. */
  readonly now?: () => number;
  /** Epoch milliseconds of the clock's zero. Default `performance.timeOrigin`. */
  readonly timeOriginMs?: number;
  /** Default 0. */
  readonly threadId?: number;
  /** Default 0. */
  readonly pid?: number;
  /** Records in the ring, 1,024..16,777,216, rounded up to a power of two; 64 bytes each. Default 65,536. */
  readonly slots?: number;
  /** Bytes for dynamic text, 65,536..1,073,741,824, rounded up to a power of two. Default 64 a slot. */
  readonly textBytes?: number;
  /** Trace contexts kept, 1,024..16,777,216, rounded up to a power of two; 24 bytes each. Default as `slots`. */
  readonly contexts?: number;
  /** Bytes that interned names may grow to, 16,384..67,108,864; further names become `(overflow)`. Default 1 MiB. */
  readonly dictionaryBytes?: number;
  /** How far ahead a remote clock may be, 0..3,600,000 ms. Default 60,000. */
  readonly maxDriftMs?: number;
}

/** The events of one thread, and a view over those of every thread attached. */
export interface EventStream {
  /**
   * The handle of an event type; the same definition twice gives the same handle.
   * @throws TypeError for a malformed definition, or a known name with another shape
   */
  event(definition: EventDefinition): EventHandle;
  /** Every event type known here, by `EventRecord.type`. */
  definitions(): readonly EventDefinition[];
  /** Interns a string: an id for this thread's records, 0 for the empty string. */
  name(text: string): number;
  /**
   * Interns a trace context (about 60 ns: cache it on the span). 0, "no trace", for ids that are not lower-case hex of
   * 32 and 16 digits or are all zero. A context is kept until `contexts` newer ones were made; then it reads as empty.
   */
  context(traceId: string, spanId: string): number;
  subscribe(options?: SubscribeOptions): Subscription;
  query(): Query;
  statistics(): StreamStatistics;
  /** Publishes to other threads what was emitted since the last batch of 16: call it once a loop turn. */
  flush(): void;
  /** Events below `severity` are not emitted, in one category or in all. `Infinity` switches off, 0 lets all pass. */
  setLevel(severity: number, category?: Category): void;
  /** Keeps one in `ratio` events below WARN and counts the others exactly; 1 keeps all. */
  setThinning(ratio: number): void;
  /** This thread's ring, for `attach` in another thread; allocates it. */
  descriptor(): RingDescriptor;
  /** Adds another thread's ring. False when it is attached already. @throws TypeError when it is no descriptor. */
  attach(descriptor: RingDescriptor): boolean;
  /** Removes a thread's ring: open subscriptions still drain it, its counts stay in the sums. */
  detach(threadId: number): boolean;
  /** Calls the listener with the descriptor when this thread's ring appears, at once if it is there; returns an undo. */
  onAllocate(listener: (descriptor: RingDescriptor) => void): () => void;
  readonly clock: HybridClock;
}
