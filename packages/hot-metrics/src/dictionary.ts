import { createBlock } from './block-arena.ts';
import type { InstrumentDefinition } from './options.ts';

/** Bytes before the first record; word 0 holds how many bytes after them are published. */
const HEADER_BYTES = 64;
const LENGTH_BYTES = 4;
const FIRST_BYTES = 16 * 1024;
/** Where it cannot grow. */
const FIXED_BYTES = 1024 * 1024;

/** A series as the dictionary tells it: which instrument, where its row is, which attributes. */
export interface SeriesEntry {
  readonly instrument: number;
  readonly block: number;
  readonly base: number;
  readonly key: string;
}

/** One record: an instrument (numbered in the order of publication) or a series. */
export type DictionaryRecord = { readonly definition: InstrumentDefinition } | { readonly series: SeriesEntry };

/**
 * The append-only list that tells other threads what the cells mean: length-prefixed UTF-8 JSON in a growable
 * SharedArrayBuffer, written once per series, published by storing the new end. No message is needed when it grows.
 */
export class DictionaryWriter {
  readonly buffer: SharedArrayBuffer;
  readonly #published: Int32Array;
  #end = 0;

  private constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#published = new Int32Array(buffer, 0, 1);
  }

  /** Undefined when the machine has no memory left for it. */
  static create(): DictionaryWriter | undefined {
    const buffer = createBlock(FIRST_BYTES, FIXED_BYTES);
    return buffer === undefined ? undefined : new DictionaryWriter(buffer);
  }

  /** Bytes that can still be published, if the machine has the memory. */
  get remaining(): number {
    const { growable, maxByteLength, byteLength } = this.buffer;
    return (growable ? maxByteLength : byteLength) - HEADER_BYTES - this.#end;
  }

  /** Publishes a record; false if the dictionary is full. */
  append(record: DictionaryRecord): boolean {
    const bytes = Buffer.from(JSON.stringify(record), 'utf8');
    const end = this.#end + LENGTH_BYTES + bytes.length;
    if (!this.#ensure(HEADER_BYTES + end)) return false;
    const target = Buffer.from(this.buffer, 0, HEADER_BYTES + end);
    target.writeUInt32LE(bytes.length, HEADER_BYTES + this.#end);
    bytes.copy(target, HEADER_BYTES + this.#end + LENGTH_BYTES);
    this.#end = end;
    Atomics.store(this.#published, 0, end);
    return true;
  }

  #ensure(bytes: number): boolean {
    if (bytes <= this.buffer.byteLength) return true;
    if (!this.buffer.growable || bytes > this.buffer.maxByteLength) return false;
    try {
      this.buffer.grow(Math.min(this.buffer.maxByteLength, Math.max(bytes, 2 * this.buffer.byteLength)));
      return true;
    } catch {
      return false;
    }
  }
}

/** Reads what another thread has published since the last call. */
export class DictionaryReader {
  readonly #buffer: SharedArrayBuffer;
  readonly #published: Int32Array;
  #cursor = 0;

  constructor(buffer: SharedArrayBuffer) {
    this.#buffer = buffer;
    this.#published = new Int32Array(buffer, 0, 1);
  }

  /** @throws SyntaxError or RangeError if the buffer does not hold what a `DictionaryWriter` wrote. */
  read(): DictionaryRecord[] {
    const end = Atomics.load(this.#published, 0);
    const records: DictionaryRecord[] = [];
    if (this.#cursor === end) return records;
    // A copy: text cannot be decoded from shared memory.
    const bytes = Buffer.from(new Uint8Array(this.#buffer, HEADER_BYTES, end).slice(this.#cursor));
    for (let at = 0; at < bytes.length; ) {
      const length = bytes.readUInt32LE(at);
      const start = at + LENGTH_BYTES;
      records.push(JSON.parse(bytes.toString('utf8', start, start + length)) as DictionaryRecord);
      at = start + length;
    }
    this.#cursor = end;
    return records;
  }
}
