import { BLOCK_HEADER } from './layout.ts';

const CELL_BYTES = Float64Array.BYTES_PER_ELEMENT;
/** First size of a block and the largest step by which it grows. */
const FIRST_BYTES = 16 * 1024;
const LARGEST_STEP_BYTES = 1024 * 1024;
/** Size of blocks that cannot grow. */
const FIXED_BYTES = 64 * 1024;
/** Address space reserved for one block; memory is taken as it grows. A further block follows when it is full. */
const MAX_BLOCK_BYTES = 16 * 1024 * 1024;

/** Where a row lives. `cells` covers its block from the first cell, so `cells[0]` is the header. */
export interface Region {
  readonly cells: Float64Array;
  readonly base: number;
  readonly block: number;
}

/**
 * Hands out rows in growable SharedArrayBuffers. A row never moves: a block grows in place, and views taken before stay
 * valid (they are of fixed length, as length-tracking views are ten times slower), so handles need no update.
 */
export class BlockArena {
  readonly blocks: SharedArrayBuffer[] = [];
  readonly #onBlock: () => void;
  #cells: Float64Array = new Float64Array(0);
  #used = 0;

  constructor(onBlock: () => void) {
    this.#onBlock = onBlock;
  }

  get bytes(): number {
    return this.blocks.reduce((sum, block) => sum + block.byteLength, 0);
  }

  /** A zeroed row, or undefined when the machine has no memory left for it. */
  allocate(size: number): Region | undefined {
    if (this.#used + size > this.#cells.length && !this.#grow(size)) return undefined;
    const region = { cells: this.#cells, base: this.#used, block: this.blocks.length - 1 };
    this.#used += size;
    return region;
  }

  #grow(size: number): boolean {
    const current = this.blocks.at(-1);
    if (current !== undefined && this.#growInPlace(current, (this.#used + size) * CELL_BYTES)) return true;
    const block = createBlock(Math.max(FIRST_BYTES, (BLOCK_HEADER + size) * CELL_BYTES), FIXED_BYTES);
    if (block === undefined) return false;
    this.blocks.push(block);
    this.#cells = viewOf(block);
    this.#used = BLOCK_HEADER;
    this.#onBlock();
    return true;
  }

  #growInPlace(block: SharedArrayBuffer, needed: number): boolean {
    const step = Math.min(block.byteLength, LARGEST_STEP_BYTES);
    const target = Math.min(Math.max(block.byteLength + step, needed), block.maxByteLength);
    if (target < needed || !block.growable) return false;
    try {
      block.grow(target);
    } catch {
      return false;
    }
    this.#cells = viewOf(block);
    return true;
  }
}

/** All whole cells of a block, as a view of fixed length. */
export function viewOf(block: SharedArrayBuffer): Float64Array {
  return new Float64Array(block, 0, Math.floor(block.byteLength / CELL_BYTES));
}

/** A growable block; one of `fixedBytes` where address space is limited (ulimit -v); undefined where there is no memory. */
export function createBlock(firstBytes: number, fixedBytes: number): SharedArrayBuffer | undefined {
  try {
    return new SharedArrayBuffer(firstBytes, { maxByteLength: Math.max(MAX_BLOCK_BYTES, firstBytes) });
  } catch {
    try {
      return new SharedArrayBuffer(Math.max(firstBytes, fixedBytes));
    } catch {
      return undefined;
    }
  }
}
