import { ContextReader } from './context-ring.ts';
import type { DefinitionRegistry } from './definitions.ts';
import { DictionaryReader } from './dictionary.ts';
import { CATEGORIES, type EventDefinition, type EventRecord } from './event-types.ts';
import { type CompiledFilter, REJECT } from './filter.ts';
import { bigIntOf, zeroOfStamps } from './hlc.ts';
import {
  CONTEXT,
  categoryOfKind,
  DETAIL,
  hasText,
  KIND,
  LABELS,
  labelId,
  NUMBERS_PER_RECORD,
  STAMP,
  severityOfKind,
  TEXT_HIGH,
  TEXT_LOW,
  TIME,
  typeOfKind,
  VALUE,
  WORDS_PER_RECORD,
} from './layout.ts';
import type { RecordBlock } from './record-block.ts';
import type { Ring } from './ring.ts';
import { readText } from './text-ring.ts';

const TWO_TO_32 = 2 ** 32;

/** One ring as a stream sees it: the ring, and what its numbers stand for. */
export class RingView {
  readonly ring: Ring;
  readonly names: DictionaryReader;
  readonly contexts: ContextReader;
  /** Epoch milliseconds that the stamps of its records count from. */
  readonly zeroMs: number;
  readonly #registry: DefinitionRegistry;
  /** By type number of the ring: the definition, and its number in the reading stream. */
  #types: { readonly definition: EventDefinition; readonly number: number }[] = [];

  constructor(ring: Ring, registry: DefinitionRegistry) {
    this.ring = ring;
    this.names = new DictionaryReader(ring.header, ring.descriptor.dictionary);
    this.contexts = new ContextReader(ring);
    this.zeroMs = zeroOfStamps(ring.descriptor.timeOriginMs);
    this.#registry = registry;
  }

  get threadId(): number {
    return this.ring.descriptor.threadId;
  }

  /** The event types of the ring, by its own numbers. */
  types(): readonly { readonly definition: EventDefinition; readonly number: number }[] {
    const definitions = this.names.definitions();
    for (let i = this.#types.length; i < definitions.length; i++) {
      const definition = definitions[i] as EventDefinition;
      this.#types.push({ definition, number: this.#registry.numberOf(definition) });
    }
    return this.#types;
  }

  /** The lowest severity that a filter lets pass, by type number of the ring: the whole test of a record. */
  thresholds(filter: CompiledFilter): Uint8Array {
    const types = this.types();
    const { threadId, pid } = this.ring.descriptor;
    if (!filter.acceptsRing(threadId, pid)) {
      return new Uint8Array(types.length).fill(REJECT);
    }
    return Uint8Array.from(types, ({ definition, number }) => filter.threshold(definition, number));
  }

  epochMs(timeMs: number): number {
    return this.ring.descriptor.timeOriginMs + timeMs;
  }

  labelOf(block: RecordBlock, slot: number, position: 0 | 1): string {
    const id = labelId(block.words[slot * WORDS_PER_RECORD + LABELS] as number, position);
    return this.names.name(id);
  }

  /** A record as an object. Allocates: microseconds, for what passed a filter. */
  decode(block: RecordBlock, slot: number): EventRecord {
    const { numbers, words } = block;
    const number = slot * NUMBERS_PER_RECORD;
    const word = slot * WORDS_PER_RECORD;
    const kind = words[word + KIND] as number;
    const type = this.types()[typeOfKind(kind)];
    const definition = type?.definition;
    const { traceId, spanId } = this.contexts.resolve(numbers[number + CONTEXT] as number);
    return {
      time: this.epochMs(numbers[number + TIME] as number),
      hlc: bigIntOf(numbers[number + STAMP] as number, this.zeroMs),
      name: definition?.name ?? '',
      type: type?.number ?? -1,
      severity: severityOfKind(kind),
      category: CATEGORIES[categoryOfKind(kind)] ?? 'process',
      value: numbers[number + VALUE] as number,
      detail: numbers[number + DETAIL] as number,
      labels: this.#labels(block, slot, definition),
      text: this.#text(words, word),
      traceId,
      spanId,
      sequence: block.firstSequence + slot,
      threadId: this.ring.descriptor.threadId,
      pid: this.ring.descriptor.pid,
    };
  }

  #labels(block: RecordBlock, slot: number, definition: EventDefinition | undefined): { [key: string]: string } {
    const labels: { [key: string]: string } = {};
    const [first, second] = definition?.labels ?? [];
    if (first) {
      const value = this.labelOf(block, slot, 0);
      if (value !== '') labels[first.key] = value;
    }
    if (second) {
      const value = this.labelOf(block, slot, 1);
      if (value !== '') labels[second.key] = value;
    }
    return labels;
  }

  #text(words: Int32Array, word: number): string {
    if (!hasText(words[word + KIND] as number)) {
      return '';
    }
    const high = words[word + TEXT_HIGH] as number;
    const position = (high >>> 16) * TWO_TO_32 + ((words[word + TEXT_LOW] as number) >>> 0);
    return readText(this.ring, { position, length: high & 0xffff }) ?? '';
  }
}
