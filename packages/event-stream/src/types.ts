import type { Category, EventDefinition, EventFilter, EventHandle, EventRecord } from './event-types.ts';
import type { Query } from './query-types.ts';

/** How to subscribe; every field may be left out. */
export interface SubscribeOptions {
  /** Where to start: with the next event (default), or with the oldest that the rings still hold. */
  readonly from?: 'now' | 'oldest';
  /**
   * Producers then refuse their newest events (counted) rather than overwrite what this subscriber has not read.
   * At most 4 such subscribers at a time; close it, or its producers stay refused. Where subscribers in other threads
   * hold all 4 gates of a ring already, it reads that ring like an ordinary one. Default false.
   */
  readonly lossless?: boolean;
  readonly filter?: EventFilter;
  /** A last test on the decoded record. One that throws counts as "no", and in `failed`. */
  readonly predicate?: (record: EventRecord) => boolean;
  /** Records a `read()` returns at most when it is not told, 1..65,536. Default 256. */
  readonly batch?: number;
}

/** An independent cursor over every thread's ring. Close it when you are done: the stream keeps it until then. */
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

/** The counts of one thread's ring. */
export interface ThreadStatistics {
  readonly threadId: number;
  readonly pid: number;
  /** Records written to the ring. */
  readonly produced: number;
  /** Events refused at the producer: a lossless subscriber was behind, or a value was no number. */
  readonly dropped: number;
  /** Events left out by `setThinning`. */
  readonly thinned: number;
  readonly slots: number;
  /** Bytes of shared memory this ring holds. */
  readonly bytes: number;
}

/** The counts of one subscription, see there. */
export interface SubscriberStatistics {
  readonly consumed: number;
  readonly dropped: number;
  readonly failed: number;
  /** Published records that it has not read yet. */
  readonly lag: number;
}

/** The counts of all rings attached, exact at any moment for this thread's own. */
export interface StreamStatistics {
  readonly threads: readonly ThreadStatistics[];
  /** Sums over all threads, those that were detached included. */
  readonly produced: number;
  readonly dropped: number;
  readonly thinned: number;
  /** Records that subscribers have taken: the sum over all of them, closed ones included. */
  readonly consumed: number;
  /** Records that were overwritten before a subscriber had read them, summed likewise. */
  readonly overwritten: number;
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

/** How much a thread's ring holds; what is left out has its default. */
export interface RingSizes {
  /** Records, 1,024..16,777,216, rounded up to a power of two; 64 bytes each. Default 65,536. */
  readonly slots?: number;
  /** Bytes for dynamic text, 65,536..1,073,741,824, rounded up to a power of two. Default 64 a slot. */
  readonly textBytes?: number;
  /** Trace contexts, 1,024..16,777,216, rounded up to a power of two; 24 bytes each. Default as many as slots. */
  readonly contexts?: number;
}

/** How to make a stream; every field may be left out. */
export interface EventStreamConfig extends RingSizes {
  /** Milliseconds since `timeOriginMs`, monotonic. Default `performance.now`. */
  readonly now?: () => number;
  /** Epoch milliseconds of the clock's zero. Default `performance.timeOrigin`. */
  readonly timeOriginMs?: number;
  /** Default 0. */
  readonly threadId?: number;
  /** Default 0. */
  readonly pid?: number;
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
  /** A cursor of its own over all rings. @throws TypeError, RangeError for a bad option or filter */
  subscribe(options?: SubscribeOptions): Subscription;
  query(): Query;
  statistics(): StreamStatistics;
  /** Publishes to other threads what was emitted since the last batch of 32: call it once a loop turn. */
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
  /**
   * Changes the sizes of this thread's ring: true until its first event, false and without effect afterwards.
   * @throws RangeError for a value out of range
   */
  resize(sizes: RingSizes): boolean;
  /** Calls the listener with the descriptor when this thread's ring appears, at once if it is there; returns an undo. */
  onAllocate(listener: (descriptor: RingDescriptor) => void): () => void;
  readonly clock: HybridClock;
}
