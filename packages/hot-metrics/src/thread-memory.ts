import { OVERFLOW_KEY } from './attribute-set.ts';
import { BlockArena, type Region } from './block-arena.ts';
import { DictionaryWriter } from './dictionary.ts';
import type { RoutedHandle } from './handles.ts';
import type { InstrumentDefinition } from './options.ts';
import type { HotBlockDescriptor } from './types.ts';

/** Bytes of the dictionary that are kept for overflow series; also more than any single record takes. */
const DICTIONARY_RESERVE = 128 * 1024;

/** A series of this thread. */
export interface ThreadSeries {
  readonly definition: InstrumentDefinition;
  readonly key: string;
  readonly block: number;
  readonly handle: RoutedHandle;
}

/** The rows of one thread, the list of what they mean, and who wants to know about its memory. */
export class ThreadMemory {
  readonly threadId: number;
  readonly series: ThreadSeries[] = [];
  readonly #arena = new BlockArena(() => this.#announce());
  readonly #listeners = new Set<(descriptor: HotBlockDescriptor) => void>();
  readonly #published = new Map<InstrumentDefinition, number>();
  #dictionary: DictionaryWriter | undefined;
  #isFull = false;

  constructor(threadId: number) {
    this.threadId = threadId;
  }

  get bytes(): number {
    return this.#arena.bytes + (this.#dictionary?.buffer.byteLength ?? 0);
  }

  get blocks(): readonly SharedArrayBuffer[] {
    return this.#arena.blocks;
  }

  /** A row for the series with this key; undefined if there is no memory left for it or for telling others of it. */
  allocate(size: number, key: string): Region | undefined {
    const hasRoom = this.#dictionary === undefined || this.#dictionary.remaining >= DICTIONARY_RESERVE;
    return !this.#isFull && (hasRoom || key === OVERFLOW_KEY) ? this.#arena.allocate(size) : undefined;
  }

  /** Makes a series known to collectors, in other threads too; false if the machine has no memory left to publish it. */
  add(series: ThreadSeries): boolean {
    if (this.#dictionary !== undefined && !this.#publish(this.#dictionary, series)) {
      // Its row is lost; no further ones must be.
      this.#isFull = true;
      return false;
    }
    this.series.push(series);
    return true;
  }

  /** The memory of this thread for another one. The dictionary is written only from the first call on. */
  descriptor(): HotBlockDescriptor | undefined {
    if (this.#arena.blocks.length === 0) return undefined;
    this.#dictionary ??= this.#publishAll();
    if (this.#dictionary === undefined) return undefined;
    return {
      version: 1,
      threadId: this.threadId,
      dictionary: this.#dictionary.buffer,
      blocks: [...this.#arena.blocks],
    };
  }

  onBlock(listener: (descriptor: HotBlockDescriptor) => void): () => void {
    this.#listeners.add(listener);
    const known = this.descriptor();
    if (known !== undefined) call(listener, known);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  #announce(): void {
    if (this.#listeners.size === 0) return;
    const descriptor = this.descriptor();
    if (descriptor !== undefined) for (const listener of this.#listeners) call(listener, descriptor);
  }

  #publishAll(): DictionaryWriter | undefined {
    const dictionary = DictionaryWriter.create();
    if (dictionary !== undefined) for (const series of this.series) this.#publish(dictionary, series);
    return dictionary;
  }

  #publish(dictionary: DictionaryWriter, { definition, key, block, handle }: ThreadSeries): boolean {
    let instrument = this.#published.get(definition);
    if (instrument === undefined) {
      if (!dictionary.append({ definition })) return false;
      instrument = this.#published.size;
      this.#published.set(definition, instrument);
    }
    return dictionary.append({ series: { instrument, block, base: handle.base, key } });
  }
}

/** A listener that throws (a closed port, say) must not reach the code that binds. */
function call(listener: (descriptor: HotBlockDescriptor) => void, descriptor: HotBlockDescriptor): void {
  try {
    listener(descriptor);
  } catch {
    // The series stay readable by whoever asks for the descriptor.
  }
}
