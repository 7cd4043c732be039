import { isSharedArrayBuffer } from 'node:util/types';
import {
  BATCH,
  CONTEXT_BYTES,
  DROPPED,
  GUARD,
  HEAD,
  HEADER_WORDS,
  NUMBERS_PER_RECORD,
  RECORD_BYTES,
  STAMP,
  THINNED,
} from './layout.ts';
import type { ResolvedStreamConfig } from './options.ts';
import { loadPosition } from './position.ts';
import type { RingDescriptor, ThreadStatistics } from './types.ts';

/** Typed-array views over the shared memory of one thread's ring; the same for its writer and for readers anywhere. */
export class Ring {
  readonly descriptor: RingDescriptor;
  readonly header: Int32Array;
  readonly numbers: Float64Array;
  readonly words: Int32Array;
  readonly contexts: Int32Array;
  readonly text: Buffer;
  readonly slots: number;
  readonly contextSlots: number;
  /** Where a ring that was detached ends; nothing comes after it. */
  #end: number | undefined;

  /** @throws TypeError when the descriptor does not describe a ring */
  constructor(descriptor: RingDescriptor) {
    checkDescriptor(descriptor);
    this.descriptor = descriptor;
    this.header = new Int32Array(descriptor.header);
    this.numbers = new Float64Array(descriptor.records);
    this.words = new Int32Array(descriptor.records);
    this.contexts = new Int32Array(descriptor.contexts);
    this.text = Buffer.from(descriptor.text);
    this.slots = descriptor.records.byteLength / RECORD_BYTES;
    this.contextSlots = descriptor.contexts.byteLength / CONTEXT_BYTES;
  }

  /** Number of records that may be read: those published, or those before the end of a ring that was detached. */
  head(): number {
    return this.#end ?? loadPosition(this.header, HEAD);
  }

  /**
   * Sequence of the oldest record that the writer cannot be overwriting now. It goes by what is published, not by
   * `head`: the thread of a ring that was detached may be alive and writing.
   */
  oldestReadable(): number {
    return Math.max(0, loadPosition(this.header, HEAD) - (this.slots - GUARD));
  }

  /**
   * Ends the ring where its thread got to, with what it had written and not published: stamps ascend, so the records go
   * on as long as they do.
   */
  end(): void {
    const published = loadPosition(this.header, HEAD);
    let end = published;
    let last = end === 0 ? 0 : this.#stampOf(end - 1);
    while (end < published + BATCH && this.#stampOf(end) > last) {
      last = this.#stampOf(end++);
    }
    this.#end ??= end;
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  get bytes(): number {
    const { header, records, text, contexts, dictionary } = this.descriptor;
    return [header, records, text, contexts, dictionary].reduce((sum, buffer) => sum + buffer.byteLength, 0);
  }

  statistics(): ThreadStatistics {
    return {
      threadId: this.descriptor.threadId,
      pid: this.descriptor.pid,
      produced: this.head(),
      dropped: loadPosition(this.header, DROPPED),
      thinned: loadPosition(this.header, THINNED),
      slots: this.slots,
      bytes: this.bytes,
    };
  }

  #stampOf(sequence: number): number {
    return this.numbers[(sequence % this.slots) * NUMBERS_PER_RECORD + STAMP] as number;
  }
}

/** Allocates the shared memory of a ring. Pages that are never touched cost address space, not memory. */
export function allocateRing(config: ResolvedStreamConfig, dictionary: SharedArrayBuffer): Ring {
  return new Ring({
    version: 1,
    threadId: config.threadId,
    pid: config.pid,
    timeOriginMs: config.timeOriginMs,
    header: new SharedArrayBuffer(HEADER_WORDS * 4),
    records: new SharedArrayBuffer(config.slots * RECORD_BYTES),
    text: new SharedArrayBuffer(config.textBytes),
    contexts: new SharedArrayBuffer(config.contexts * CONTEXT_BYTES),
    dictionary,
  });
}

function checkDescriptor(descriptor: RingDescriptor): void {
  const { version, threadId, pid, timeOriginMs, header, records, text, contexts, dictionary } = descriptor;
  if (version !== 1 || ![threadId, pid, timeOriginMs].every((value) => Number.isFinite(value))) {
    throw new TypeError(`event stream: a ring descriptor must have version 1, got ${String(version)}`);
  }
  // Not `instanceof`: a buffer that came from another realm fails it.
  if (![header, records, text, contexts, dictionary].every((buffer) => isSharedArrayBuffer(buffer))) {
    throw new TypeError('event stream: a ring descriptor must hold five SharedArrayBuffers');
  }
  const isSized =
    header.byteLength >= HEADER_WORDS * 4 &&
    isPowerOfTwo(records.byteLength / RECORD_BYTES) &&
    isPowerOfTwo(text.byteLength) &&
    isPowerOfTwo(contexts.byteLength / CONTEXT_BYTES);
  if (!isSized) {
    throw new TypeError('event stream: the buffers of a ring descriptor must have the sizes they were allocated with');
  }
}

function isPowerOfTwo(value: number): boolean {
  return value >= 1024 && Number.isInteger(Math.log2(value));
}
