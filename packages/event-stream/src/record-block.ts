import { NUMBERS_PER_RECORD, WORDS_PER_RECORD } from './layout.ts';
import type { Ring } from './ring.ts';

/** Records side by side in typed arrays: in a ring itself, or copied from one. */
export interface RecordBlock {
  readonly numbers: Float64Array;
  readonly words: Int32Array;
  /** Sequence of the record in slot 0 of the arrays. */
  readonly firstSequence: number;
}

/** Private memory to copy records into. */
export interface Scratch {
  readonly records: number;
  readonly numbers: Float64Array;
  readonly words: Int32Array;
}

export function createScratch(records: number): Scratch {
  const buffer = new ArrayBuffer(records * NUMBERS_PER_RECORD * 8);
  return { records, numbers: new Float64Array(buffer), words: new Int32Array(buffer) };
}

/**
 * Copies records out of a ring that another thread may be writing, and returns how many of the first ones are worthless:
 * the writer is asked only after the copy how far it is, and what it may have touched meanwhile does not count.
 */
export function copyRecords(ring: Ring, first: number, count: number, scratch: Scratch): number {
  const start = first % ring.slots;
  const untilWrap = Math.min(count, ring.slots - start);
  scratch.words.set(wordsOf(ring, start, untilWrap));
  if (untilWrap < count) {
    scratch.words.set(wordsOf(ring, 0, count - untilWrap), untilWrap * WORDS_PER_RECORD);
  }
  return Math.min(Math.max(ring.oldestReadable() - first, 0), count);
}

function wordsOf(ring: Ring, slot: number, count: number): Int32Array {
  return ring.words.subarray(slot * WORDS_PER_RECORD, (slot + count) * WORDS_PER_RECORD);
}
