import { compileFilters } from './filter.ts';
import { physicalOf } from './hlc.ts';
import { CONTEXT, NUMBERS_PER_RECORD, STAMP } from './layout.ts';
import { keepByTime, type SlotRange, selectByKind } from './query-kernels.ts';
import type { QueryFilter } from './query-types.ts';
import { copyRecords, createScratch, type RecordBlock, type Scratch } from './record-block.ts';
import type { RingView } from './ring-view.ts';

/** Records looked at together: 64 KiB, which stay in the cache while they are filtered and then aggregated. */
const BLOCK_RECORDS = 1024;

/** What a query runs over. */
export interface QuerySource {
  /** Epoch milliseconds. */
  now(): number;
  views(): readonly RingView[];
  /** Whether this thread writes the ring: then nothing changes while a query runs, and nothing is copied. */
  isLocal(view: RingView): boolean;
}

/** What the records of one ring must pass. */
export interface RecordTest {
  /** By type number: the lowest severity that passes. */
  readonly thresholds: Uint8Array;
  /** In milliseconds of the ring's clock. */
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly traces: readonly ((contextId: number) => boolean)[];
}

/** What passes all filters: one scan a ring. */
export function scan(source: QuerySource, filters: readonly QueryFilter[]): RingScan[] {
  const filter = compileFilters(filters);
  const sinceEpochMs = Math.max(...filters.map((part) => part.since ?? Number.NEGATIVE_INFINITY));
  const untilEpochMs = Math.min(...filters.map((part) => part.until ?? Number.POSITIVE_INFINITY));
  const traceIds = filters.flatMap((part) => part.traceId ?? []);
  return source.views().map((view) => {
    const originMs = view.ring.descriptor.timeOriginMs;
    const test = {
      thresholds: view.thresholds(filter),
      sinceMs: sinceEpochMs - originMs,
      untilMs: untilEpochMs - originMs,
      traces: traceIds.map((traceId) => view.contexts.matcher(traceId)),
    };
    return new RingScan(view, test, source.isLocal(view) ? undefined : createScratch(BLOCK_RECORDS));
  });
}

/** Records of one ring that lie side by side; they are valid until the next block is asked for. */
export class ScannedBlock {
  readonly view: RingView;
  readonly block: RecordBlock;
  readonly range: SlotRange;
  readonly test: RecordTest;
  readonly #slots: Int32Array;

  constructor(
    scan: { readonly view: RingView; readonly test: RecordTest },
    block: RecordBlock,
    range: SlotRange,
    slots: Int32Array,
  ) {
    this.view = scan.view;
    this.test = scan.test;
    this.block = block;
    this.range = range;
    this.#slots = slots;
  }

  /** Whether severity and type are all that is tested. */
  get isTestedByKind(): boolean {
    return !this.#isTimed && this.test.traces.length === 0;
  }

  /** The slots of the records that pass, oldest first. */
  select(): Int32Array {
    const { thresholds, sinceMs, untilMs, traces } = this.test;
    const { words, numbers } = this.block;
    let selected = this.#slots.subarray(0, selectByKind(words, this.range, thresholds, this.#slots));
    if (this.#isTimed) {
      selected = selected.subarray(0, keepByTime(numbers, selected, sinceMs, untilMs));
    }
    return traces.length === 0 ? selected : selected.filter((slot) => hasTraces(this.block, slot, traces));
  }

  get #isTimed(): boolean {
    return this.test.sinceMs > Number.NEGATIVE_INFINITY || this.test.untilMs < Number.POSITIVE_INFINITY;
  }
}

/** Goes through one ring from its newest block to its oldest. */
export class RingScan {
  readonly view: RingView;
  readonly test: RecordTest;
  /** Memory to copy blocks to; none for a ring that can be read in place. */
  readonly #scratch: Scratch | undefined;
  readonly #slots = new Int32Array(BLOCK_RECORDS);
  /** Sequence after the last record not looked at. */
  #end: number;

  constructor(view: RingView, test: RecordTest, scratch: Scratch | undefined) {
    this.view = view;
    this.test = test;
    this.#scratch = scratch;
    this.#end = view.ring.head();
  }

  /** The next older block; undefined at the end, or when nothing older can pass. */
  next(): ScannedBlock | undefined {
    const { ring } = this.view;
    if (this.#end <= ring.oldestReadable()) {
      return undefined;
    }
    const scanned = this.#blockBefore(this.#end);
    const { block, range } = scanned;
    const isLast = range.from === range.to || this.#isAllBefore(block, range.from);
    this.#end = isLast ? 0 : block.firstSequence + range.from;
    return scanned;
  }

  /** Whether all before this record is too old: stamps ascend, and none is behind the time of its record. */
  #isAllBefore(block: RecordBlock, slot: number): boolean {
    const stamp = block.numbers[slot * NUMBERS_PER_RECORD + STAMP] as number;
    return physicalOf(stamp, this.view.zeroMs) + 1 <= this.view.epochMs(this.test.sinceMs);
  }

  /** The records before the one with sequence `end`: as many as lie side by side in the ring, up to a block. */
  #blockBefore(end: number): ScannedBlock {
    const { ring } = this.view;
    const to = ((end - 1) % ring.slots) + 1;
    const count = Math.min(BLOCK_RECORDS, to, end - ring.oldestReadable());
    if (this.#scratch === undefined) {
      const inPlace = { numbers: ring.numbers, words: ring.words, firstSequence: end - to };
      return new ScannedBlock(this, inPlace, { from: to - count, to }, this.#slots);
    }
    const torn = copyRecords(ring, end - count, count, this.#scratch);
    const { numbers, words } = this.#scratch;
    const copied = { numbers, words, firstSequence: end - count };
    return new ScannedBlock(this, copied, { from: torn, to: count }, this.#slots);
  }
}

function hasTraces(block: RecordBlock, slot: number, traces: RecordTest['traces']): boolean {
  const contextId = block.numbers[slot * NUMBERS_PER_RECORD + CONTEXT] as number;
  return traces.every((isTrace) => isTrace(contextId));
}
