import { copyRecords, type RecordBlock, type Scratch } from './record-block.ts';
import type { Ring } from './ring.ts';

/** A stretch of a block that holds intact records: slots `from` to `to`, exclusive. */
export interface Batch {
  readonly block: RecordBlock;
  readonly from: number;
  readonly to: number;
}

/** A cursor over one ring, with exact counts of what it got and what it missed. */
export class RingReader {
  readonly ring: Ring;
  readonly #scratch: Scratch;
  #cursor: number;
  #consumed = 0;
  #dropped = 0;

  constructor(ring: Ring, start: number, scratch: Scratch) {
    this.ring = ring;
    this.#cursor = start;
    this.#scratch = scratch;
  }

  /** Sequence of the next record to read. */
  get cursor(): number {
    return this.#cursor;
  }

  get consumed(): number {
    return this.#consumed;
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** Published records not read yet. */
  get lag(): number {
    return Math.max(0, this.ring.head() - this.#cursor);
  }

  /** The next records, at most `max`; undefined when there are none. They lie in the scratch until the next call. */
  read(max: number): Batch | undefined {
    const first = Math.max(this.#cursor, this.ring.oldestReadable());
    const count = Math.min(max, this.#scratch.records, this.ring.head() - first);
    this.#dropped += Math.min(first, this.ring.head()) - this.#cursor;
    this.#cursor = Math.min(first, this.ring.head());
    if (count <= 0) {
      return undefined;
    }
    const torn = copyRecords(this.ring, first, count, this.#scratch);
    this.#cursor = first + count;
    this.#consumed += count - torn;
    this.#dropped += torn;
    const { numbers, words } = this.#scratch;
    return { block: { numbers, words, firstSequence: first }, from: torn, to: count };
  }
}
