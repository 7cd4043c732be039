import { viewOf } from './block-arena.ts';
import { DictionaryReader } from './dictionary.ts';
import type { InstrumentDefinition } from './options.ts';
import type { ThreadMemory } from './thread-memory.ts';
import type { HotBlockDescriptor } from './types.ts';

/** A series as a collector sees it, of whatever thread. */
export interface SourceSeries {
  readonly definition: InstrumentDefinition;
  readonly key: string;
  readonly cells: Float64Array;
  readonly base: number;
}

/** Where a collector learns the series of one thread. */
export interface SeriesSource {
  readonly threadId: number;
  /** Series that are new since the last call. */
  next(): SourceSeries[];
  blocks(): readonly SharedArrayBuffer[];
}

/** The thread that collects: nothing is encoded. */
export class LocalSource implements SeriesSource {
  readonly threadId: number;
  readonly #memory: ThreadMemory;
  #cursor = 0;

  constructor(memory: ThreadMemory) {
    this.threadId = memory.threadId;
    this.#memory = memory;
  }

  next(): SourceSeries[] {
    const fresh = this.#memory.series.slice(this.#cursor);
    this.#cursor += fresh.length;
    return fresh.map(({ definition, key, handle }) => ({ definition, key, cells: handle.cells, base: handle.base }));
  }

  blocks(): readonly SharedArrayBuffer[] {
    return this.#memory.blocks;
  }
}

/** Another thread, read through its descriptor. */
export class RemoteSource implements SeriesSource {
  readonly threadId: number;
  readonly #reader: DictionaryReader;
  readonly #definitions: InstrumentDefinition[] = [];
  readonly #views: Float64Array[] = [];
  /** Series whose block has not been announced yet. */
  #waiting: { definition: InstrumentDefinition; key: string; block: number; base: number }[] = [];
  #blocks: readonly SharedArrayBuffer[];

  constructor(descriptor: HotBlockDescriptor) {
    this.threadId = descriptor.threadId;
    this.#reader = new DictionaryReader(descriptor.dictionary);
    this.#blocks = descriptor.blocks;
  }

  update(descriptor: HotBlockDescriptor): void {
    if (descriptor.blocks.length > this.#blocks.length) this.#blocks = descriptor.blocks;
  }

  next(): SourceSeries[] {
    for (const record of this.#reader.read()) {
      if ('definition' in record) this.#definitions.push(record.definition);
      else {
        const definition = this.#definitions[record.series.instrument];
        if (definition !== undefined) this.#waiting.push({ ...record.series, definition });
      }
    }
    const ready = this.#waiting.filter(({ block }) => block < this.#blocks.length);
    if (ready.length > 0) this.#waiting = this.#waiting.filter(({ block }) => block >= this.#blocks.length);
    return ready.map(({ definition, key, block, base }) => ({ definition, key, base, cells: this.#view(block, base) }));
  }

  blocks(): readonly SharedArrayBuffer[] {
    return this.#blocks;
  }

  /** A view that reaches at least the row at `base`: the block may have grown since the last one was taken. */
  #view(block: number, base: number): Float64Array {
    let view = this.#views[block];
    const buffer = this.#blocks[block] as SharedArrayBuffer;
    if (view === undefined || view.length <= base || view.byteLength < buffer.byteLength) {
      view = viewOf(buffer);
      this.#views[block] = view;
    }
    return view;
  }
}
