import { compileFilters } from './filter.ts';
import { CONTEXT, HLC_HIGH, HLC_LOW, NUMBERS_PER_RECORD, WORDS_PER_RECORD } from './layout.ts';
import { type RecordTest, select } from './query-kernels.ts';
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

/** Matching records of one ring, valid until the next are asked for. */
export interface Matches {
  readonly view: RingView;
  readonly block: RecordBlock;
  /** Slots in the block, oldest first. */
  readonly selected: Int32Array;
}

/** A ring, and what its records must pass. */
interface RingScan {
  readonly view: RingView;
  readonly test: RecordTest;
  readonly traces: readonly ((contextId: number) => boolean)[];
  /** Memory to copy blocks to; none for a ring that can be read in place. */
  readonly scratch: Scratch | undefined;
}

/** What passes all filters, one sequence of blocks a ring, each from its newest block to its oldest. */
export function scan(source: QuerySource, filters: readonly QueryFilter[]): Generator<Matches>[] {
  const filter = compileFilters(filters);
  const sinceEpochMs = Math.max(...filters.map((part) => part.since ?? Number.NEGATIVE_INFINITY));
  const untilEpochMs = Math.min(...filters.map((part) => part.until ?? Number.POSITIVE_INFINITY));
  const traceIds = filters.flatMap((part) => part.traceId ?? []);
  return source.views().map((view) => {
    const originMs = view.ring.descriptor.timeOriginMs;
    return scanRing({
      view,
      test: {
        thresholds: view.thresholds(filter),
        sinceMs: sinceEpochMs - originMs,
        untilMs: untilEpochMs - originMs,
      },
      traces: traceIds.map((traceId) => view.contexts.matcher(traceId)),
      scratch: source.isLocal(view) ? undefined : createScratch(BLOCK_RECORDS),
    });
  });
}

function* scanRing(ringScan: RingScan): Generator<Matches> {
  const { view, test, traces } = ringScan;
  const slots = new Int32Array(BLOCK_RECORDS);
  let end = view.ring.head();
  while (end > view.ring.oldestReadable()) {
    const { block, from, to } = blockBefore(ringScan, end);
    const count = select(block, { from, to }, test, slots);
    const passed = slots.subarray(0, count);
    const selected = traces.length === 0 ? passed : passed.filter((slot) => hasTraces(block, slot, traces));
    if (selected.length > 0) {
      yield { view, block, selected };
    }
    if (from === to || isBefore(block, from, view.ring.descriptor.timeOriginMs + test.sinceMs)) {
      return;
    }
    end = block.firstSequence + from;
  }
}

/** The records before the one with sequence `end`: as many as lie side by side in the ring, up to a block. */
function blockBefore({ view, scratch }: RingScan, end: number): { block: RecordBlock; from: number; to: number } {
  const { ring } = view;
  const to = ((end - 1) % ring.slots) + 1;
  const count = Math.min(BLOCK_RECORDS, to, end - ring.oldestReadable());
  if (scratch === undefined) {
    const block = { numbers: ring.numbers, words: ring.words, firstSequence: end - to };
    return { block, from: to - count, to };
  }
  const firstSequence = end - count;
  const torn = copyRecords(ring, firstSequence, count, scratch);
  return { block: { numbers: scratch.numbers, words: scratch.words, firstSequence }, from: torn, to: count };
}

function hasTraces(block: RecordBlock, slot: number, traces: RingScan['traces']): boolean {
  const contextId = block.numbers[slot * NUMBERS_PER_RECORD + CONTEXT] as number;
  return traces.every((isTrace) => isTrace(contextId));
}

/** Whether all before this record is older than a time: the hybrid clock, which ascends, is never behind the time. */
function isBefore(block: RecordBlock, slot: number, epochMs: number): boolean {
  const high = (block.words[slot * WORDS_PER_RECORD + HLC_HIGH] as number) >>> 0;
  const low = (block.words[slot * WORDS_PER_RECORD + HLC_LOW] as number) >>> 16;
  return high * 2 ** 16 + low + 1 <= epochMs;
}
