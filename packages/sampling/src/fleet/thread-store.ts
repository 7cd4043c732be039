import { types } from 'node:util';
import { getEnvironmentData, isMainThread, setEnvironmentData, threadId } from 'node:worker_threads';
import { type FleetCounts, FleetError, type FleetStore } from './types.ts';

const ENVIRONMENT_KEY = 'sonde.sampling.fleet.1';
/** Threads of a process that can take part. */
const ROWS = 64;
/** A row holds what a thread told in this bucket and in the one before. */
const HALVES = 2;
const TEXT_BYTES = 4096;
const OWNERS_BYTES = ROWS * 4;
/** Sequence (odd while it is written), length. */
const HALF_HEADER = 8;
const HALF_BYTES = HALF_HEADER + TEXT_BYTES;
const MEMORY_BYTES = OWNERS_BYTES + ROWS * HALVES * HALF_BYTES;
/** A thread that told nothing in so many buckets is gone: its row may be taken. */
const GONE_BUCKETS = 4;
const READ_ATTEMPTS = 3;

let stores = 0;

function encode(bucket: number, counts: FleetCounts): string {
  return `${bucket};${Array.from(counts, ([field, count]) => `${field}=${count}`).join(';')}`;
}

function decode(text: string): { bucket: number; counts: [string, number][] } {
  const [bucket, ...fields] = text.split(';');
  const counts = fields.map((field): [string, number] => {
    const at = field.indexOf('=');
    return [field.slice(0, at), Number(field.slice(at + 1))];
  });
  return { bucket: text === '' ? Number.NaN : Number(bucket), counts };
}

/** The memory that the threads of one process share, one row a thread: a thread that dies amid writing blocks nobody. */
class ThreadStore implements FleetStore {
  readonly memory: SharedArrayBuffer;
  /** Only the main thread can know that it is alone. */
  readonly expected: number;
  readonly #owners: Int32Array;
  readonly #id: number;
  #row = -1;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.expected = isMainThread ? 1 : 10;
    this.#owners = new Int32Array(memory, 0, ROWS);
    stores += 1;
    this.#id = threadId * 256 + (stores % 256) + 1;
  }

  async add(bucket: number, counts: FleetCounts): Promise<void> {
    const text = encode(bucket, counts);
    if (text.length > TEXT_BYTES) throw new FleetError('error', 'too much to tell the other threads');
    const { header, bytes } = this.#half(this.#claim(bucket), bucket);
    Atomics.add(header, 0, 1);
    bytes.write(text, 'latin1');
    Atomics.store(header, 1, text.length);
    Atomics.add(header, 0, 1);
  }

  async read(bucket: number): Promise<FleetCounts> {
    const sums = new Map<string, number>();
    for (let row = 0; row < ROWS; row += 1) {
      if (Atomics.load(this.#owners, row) === 0) continue;
      const told = this.#told(row, bucket);
      if (told.bucket !== bucket) continue;
      for (const [field, count] of told.counts) sums.set(field, (sums.get(field) ?? 0) + count);
    }
    return sums;
  }

  #half(row: number, bucket: number): { header: Int32Array; bytes: Buffer } {
    const at = OWNERS_BYTES + (row * HALVES + (bucket % HALVES)) * HALF_BYTES;
    return {
      header: new Int32Array(this.memory, at, 2),
      bytes: Buffer.from(this.memory as unknown as ArrayBuffer, at + HALF_HEADER, TEXT_BYTES),
    };
  }

  #told(row: number, bucket: number): { bucket: number; counts: [string, number][] } {
    const { header, bytes } = this.#half(row, bucket);
    for (let attempt = 0; attempt < READ_ATTEMPTS; attempt += 1) {
      const sequence = Atomics.load(header, 0);
      const text = bytes.toString('latin1', 0, Math.min(Math.max(0, Atomics.load(header, 1)), TEXT_BYTES));
      if (sequence % 2 === 0 && Atomics.load(header, 0) === sequence) return decode(text);
    }
    return { bucket: Number.NaN, counts: [] };
  }

  /** The row of this thread: the one it has, a free one, or that of a thread that is gone. */
  #claim(bucket: number): number {
    if (this.#row >= 0 && Atomics.load(this.#owners, this.#row) === this.#id) return this.#row;
    for (let row = 0; row < ROWS; row += 1) {
      const owner = Atomics.load(this.#owners, row);
      const isFree = owner === 0 || (!this.#isHeardOf(row, bucket) && !this.#isHeardOf(row, bucket - 1));
      if (!isFree || Atomics.compareExchange(this.#owners, row, owner, this.#id) !== owner) continue;
      this.#row = row;
      this.#mend(row);
      return row;
    }
    throw new FleetError('error', `more than ${ROWS} threads share a budget`);
  }

  /** A thread that died while it wrote left an odd sequence. */
  #mend(row: number): void {
    for (let half = 0; half < HALVES; half += 1) {
      const { header } = this.#half(row, half);
      if (Atomics.load(header, 0) % 2 !== 0) Atomics.add(header, 0, 1);
    }
  }

  #isHeardOf(row: number, bucket: number): boolean {
    return Math.abs(bucket - this.#told(row, bucket).bucket) < GONE_BUCKETS;
  }
}

/** What {@link threadFleetStore} returns. */
export interface ThreadFleetStore extends FleetStore {
  /** To be handed to workers that do not find it by themselves. */
  readonly memory: SharedArrayBuffer;
}

/**
 * Lets the threads of one process share a budget, without a server. Call it in the main thread before workers start: they
 * find its memory by `getEnvironmentData`. Workers started earlier need it handed over.
 * @param memory of the store of another thread of this process
 * @throws TypeError for another memory, or in a worker that finds none
 */
export function threadFleetStore(memory?: SharedArrayBuffer): ThreadFleetStore {
  const given: unknown = memory ?? getEnvironmentData(ENVIRONMENT_KEY);
  if (types.isSharedArrayBuffer(given) && given.byteLength === MEMORY_BYTES) return new ThreadStore(given);
  if (memory !== undefined) throw new TypeError('threadFleetStore: memory must be that of another threadFleetStore');
  if (!isMainThread) {
    throw new TypeError(
      'threadFleetStore: the main thread shares nothing; call threadFleetStore() there before it starts workers, or pass ' +
        'the memory of its store',
    );
  }
  const created = new SharedArrayBuffer(MEMORY_BYTES);
  setEnvironmentData(ENVIRONMENT_KEY, created as never);
  return new ThreadStore(created);
}
