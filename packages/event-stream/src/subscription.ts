import { Doorbell } from './doorbell.ts';
import type { EventRecord } from './event-types.ts';
import { type CompiledFilter, checkFilter, compileFilters, REJECT } from './filter.ts';
import { Gate } from './gates.ts';
import { BATCH, KIND, severityOfKind, typeOfKind, WORDS_PER_RECORD } from './layout.ts';
import { createScratch, type Scratch } from './record-block.ts';
import { type Batch, RingReader } from './ring-reader.ts';
import type { RingView } from './ring-view.ts';
import type { RingWriter } from './ring-writer.ts';
import type { SubscribeOptions, SubscriberStatistics, Subscription } from './types.ts';

const DEFAULT_BATCH = 256;
const MAX_BATCH = 65_536;
/** Records copied from a ring at a time: 16 KiB. */
const SCRATCH_RECORDS = 256;

/** A subscription's place in one ring. */
interface Cursor {
  readonly view: RingView;
  readonly reader: RingReader;
  readonly gate: Gate | undefined;
  /** Decoded, but other rings' records may come first. */
  readonly ahead: EventRecord[];
}

/** Reads every ring of a stream from its own cursors; the rings' writers do not know it, unless it is lossless. */
export class RingSubscription implements Subscription {
  readonly #writer: RingWriter;
  readonly #onClose: (subscription: RingSubscription) => void;
  readonly #filter: CompiledFilter;
  readonly #predicate: ((record: EventRecord) => boolean) | undefined;
  readonly isLossless: boolean;
  readonly #batch: number;
  readonly #cursors = new Map<RingView, Cursor>();
  readonly #scratch: Scratch = createScratch(SCRATCH_RECORDS);
  readonly #doorbell = new Doorbell();
  /** What an iterator had taken and not handed out when it was ended. */
  #returned: EventRecord[] = [];
  /** Counts of cursors that are done. */
  #consumedBefore = 0;
  #droppedBefore = 0;
  #failed = 0;
  #isReading = false;
  #isClosed = false;

  /** @throws RangeError for a batch outside 1..65,536, TypeError for a filter or another option of a wrong type */
  constructor(options: SubscribeOptions, writer: RingWriter, onClose: (subscription: RingSubscription) => void) {
    const { batch = DEFAULT_BATCH, lossless = false, filter = {}, predicate } = options;
    if (!(Number.isInteger(batch) && batch >= 1 && batch <= MAX_BATCH)) {
      throw new RangeError(`event stream: batch must be an integer from 1 to ${MAX_BATCH}, got ${String(batch)}`);
    }
    if (typeof lossless !== 'boolean') {
      throw new TypeError(`event stream: lossless must be true or false, got ${String(lossless)}`);
    }
    if (predicate !== undefined && typeof predicate !== 'function') {
      throw new TypeError(`event stream: predicate must be a function of a record, got ${String(predicate)}`);
    }
    checkFilter(filter);
    this.#writer = writer;
    this.#onClose = onClose;
    this.#filter = compileFilters([filter]);
    this.#predicate = predicate;
    this.isLossless = lossless;
    this.#batch = batch;
  }

  /** Adds a ring, from the next record on or from the oldest that it holds. */
  add(view: RingView, from: 'now' | 'oldest'): void {
    const { ring } = view;
    // A lossless reader leaves the writer a batch of room, so that nothing is lost before the gate is seen.
    const margin = this.isLossless && ring.oldestReadable() > 0 ? 2 * BATCH : 0;
    const start = from === 'now' ? ring.head() : ring.oldestReadable() + margin;
    this.#cursors.set(view, {
      view,
      reader: new RingReader(ring, start, this.#scratch),
      gate: this.isLossless ? Gate.take(ring.header, start) : undefined,
      ahead: [],
    });
    this.#doorbell.ring();
  }

  get consumed(): number {
    return this.#sum((reader) => reader.consumed) + this.#consumedBefore;
  }

  get dropped(): number {
    return this.#sum((reader) => reader.dropped) + this.#droppedBefore;
  }

  get failed(): number {
    return this.#failed;
  }

  statistics(): SubscriberStatistics {
    const lag = this.#sum((reader) => reader.lag);
    return { consumed: this.consumed, dropped: this.dropped, failed: this.failed, lag };
  }

  read(max: number = this.#batch): EventRecord[] {
    // A predicate that reads its own subscription gets nothing, rather than records out of order.
    if (this.#isClosed || this.#isReading || !(max >= 1)) {
      return [];
    }
    this.#isReading = true;
    try {
      this.#writer.publish();
      const limit = Math.floor(max);
      const records = this.#returned.splice(0, limit);
      const cursors = [...this.#cursors.values()];
      for (const cursor of cursors) this.#readAhead(cursor, limit - records.length);
      const queues = cursors.map((cursor) => cursor.ahead);
      mergeInto(records, queues, limit);
      this.#removeDrained();
      return records;
    } finally {
      this.#isReading = false;
    }
  }

  async *[Symbol.asyncIterator](): AsyncIterator<EventRecord, undefined> {
    let records: EventRecord[] = [];
    let next = 0;
    try {
      while (!this.#isClosed) {
        records = this.read();
        if (records.length === 0) {
          await this.#untilMore();
        }
        for (next = 0; next < records.length; ) {
          yield records[next++] as EventRecord;
        }
      }
      return undefined;
    } finally {
      this.#returned.unshift(...records.slice(next));
    }
  }

  close(): void {
    if (this.#isClosed) {
      return;
    }
    this.#isClosed = true;
    for (const { gate } of this.#cursors.values()) gate?.release();
    this.#writer.removeWaker(this.#doorbell.ring);
    this.#doorbell.ring();
    this.#onClose(this);
  }

  #untilMore(): Promise<void> {
    const waiting = this.#doorbell.wait();
    this.#writer.onNextEvent(this.#doorbell.ring);
    for (const { view, reader } of this.#cursors.values()) {
      if (!(this.#writer.isAllocated && view.ring === this.#writer.ring)) {
        this.#doorbell.watch(view.ring, reader.cursor);
      }
    }
    return waiting;
  }

  #readAhead(cursor: Cursor, wanted: number): void {
    while (cursor.ahead.length < wanted) {
      const batch = cursor.reader.read(wanted - cursor.ahead.length);
      if (batch === undefined) {
        break;
      }
      this.#decode(cursor, batch);
    }
    cursor.gate?.advance(cursor.reader.cursor);
  }

  #decode({ view, ahead }: Cursor, { block, from, to }: Batch): void {
    const thresholds = view.thresholds(this.#filter);
    for (let slot = from; slot < to; slot++) {
      const kind = block.words[slot * WORDS_PER_RECORD + KIND] as number;
      if (severityOfKind(kind) >= (thresholds[typeOfKind(kind)] ?? REJECT)) {
        const record = view.decode(block, slot);
        if (this.#accepts(record)) ahead.push(record);
      }
    }
  }

  #accepts(record: EventRecord): boolean {
    if (this.#predicate === undefined) {
      return true;
    }
    try {
      return this.#predicate(record);
    } catch {
      this.#failed++;
      return false;
    }
  }

  /** Forgets rings that have ended and were read to their end. */
  #removeDrained(): void {
    for (const [view, { reader, ahead, gate }] of this.#cursors) {
      if (view.ring.hasEnded && reader.lag === 0 && ahead.length === 0) {
        this.#consumedBefore += reader.consumed;
        this.#droppedBefore += reader.dropped;
        gate?.release();
        this.#cursors.delete(view);
      }
    }
  }

  #sum(figure: (reader: RingReader) => number): number {
    let sum = 0;
    for (const { reader } of this.#cursors.values()) sum += figure(reader);
    return sum;
  }
}

/** Moves records from the fronts of the queues, in the order of their hybrid clocks, until `target` holds `max`. */
export function mergeInto(target: EventRecord[], queues: readonly EventRecord[][], max: number): void {
  const next = queues.map(() => 0);
  while (target.length < max) {
    let first: EventRecord | undefined;
    let from = 0;
    for (let i = 0; i < queues.length; i++) {
      const candidate = queues[i]?.[next[i] as number];
      if (candidate !== undefined && (first === undefined || candidate.hlc < first.hlc)) {
        first = candidate;
        from = i;
      }
    }
    if (first === undefined) {
      break;
    }
    target.push(first);
    next[from] = (next[from] as number) + 1;
  }
  for (const [i, queue] of queues.entries()) queue.splice(0, next[i]);
}
