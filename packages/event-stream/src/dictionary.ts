import type { EventDefinition } from './event-types.ts';
import { DICTIONARY_HEAD } from './layout.ts';

/**
 * The strings and event types that the records of one ring refer to by number, in append-only shared memory: an entry
 * is one word (kind << 28 | bytes) and the UTF-8 text, padded to the next word. The writer publishes the end of the
 * last entry before it uses its number, so any reader that meets a number finds the entry.
 */

const NAME = 1;
const DEFINITION = 2;
const BYTES_MASK = 0x0fff_ffff;
const INITIAL_BYTES = 16_384;

/** Room for event types beside the names, which may be filled by hostile input. */
const DEFINITION_BYTES = 1_048_576;
const MAX_DEFINITIONS = 0xffff;

/** Each name costs its writer an entry in a Map: this bounds them together with `dictionaryBytes`. */
const MAX_NAMES = 16_384;
/** UTF-16 units; longer names are cut. */
const MAX_NAME_LENGTH = 512;

/** What a name reads as when the dictionary had no room for it. */
export const OVERFLOW_NAME = '(overflow)';
const OVERFLOW_ID = 1;

/** The single writer of a dictionary. Holds entries back until `allocate`, but gives their numbers at once. */
export class DictionaryWriter {
  readonly #ids = new Map<string, number>();
  readonly #maxNameBytes: number;
  #nameBytes = 0;
  #definitionBytes = 0;
  #definitionCount = 0;
  #pending: { kind: number; text: string }[] = [];
  #memory: SharedArrayBuffer | undefined;
  #buffer: Buffer = Buffer.alloc(0);
  #header: Int32Array | undefined;
  #end = 0;

  constructor(maxNameBytes: number) {
    this.#maxNameBytes = maxNameBytes;
    this.name(OVERFLOW_NAME);
  }

  /** The number of a string, 0 for the empty one. Known strings cost one map look-up. */
  name(text: string): number {
    if (text === '') {
      return 0;
    }
    return this.#ids.get(text) ?? this.#addName(text);
  }

  /** The number of an event type. @throws RangeError when there are too many */
  definition(definition: EventDefinition): number {
    const text = JSON.stringify(definition);
    const bytes = entryBytes(text);
    if (this.#definitionCount === MAX_DEFINITIONS || this.#definitionBytes + bytes > DEFINITION_BYTES) {
      throw new RangeError(
        `event stream: event types must fit ${DEFINITION_BYTES} bytes of JSON, got ${definition.name} beyond them`,
      );
    }
    this.#definitionBytes += bytes;
    this.#append(DEFINITION, text);
    return this.#definitionCount++;
  }

  /** Makes the shared memory; entries are written to it once `open` is told the ring's header. */
  allocate(): SharedArrayBuffer {
    this.#memory = new SharedArrayBuffer(INITIAL_BYTES, { maxByteLength: this.#maxNameBytes + DEFINITION_BYTES });
    this.#buffer = Buffer.from(this.#memory);
    return this.#memory;
  }

  open(header: Int32Array): void {
    this.#header = header;
    const pending = this.#pending;
    this.#pending = [];
    for (const { kind, text } of pending) this.#append(kind, text);
  }

  #addName(text: string): number {
    if (text.length > MAX_NAME_LENGTH) {
      return this.name(text.slice(0, MAX_NAME_LENGTH));
    }
    const bytes = entryBytes(text);
    if (this.#ids.size === MAX_NAMES || this.#nameBytes + bytes > this.#maxNameBytes) {
      return OVERFLOW_ID;
    }
    this.#nameBytes += bytes;
    const id = this.#ids.size + 1;
    this.#ids.set(text, id);
    this.#append(NAME, text);
    return id;
  }

  #append(kind: number, text: string): void {
    if (this.#header === undefined || this.#memory === undefined) {
      this.#pending.push({ kind, text });
      return;
    }
    const end = this.#end + entryBytes(text);
    if (end > this.#buffer.length) {
      this.#memory.grow(Math.min(Math.max(end, 2 * this.#buffer.length), this.#memory.maxByteLength));
      this.#buffer = Buffer.from(this.#memory);
    }
    const length = this.#buffer.write(text, this.#end + 4);
    this.#buffer.writeUInt32LE((kind << 28) | length, this.#end);
    this.#end = end;
    Atomics.store(this.#header, DICTIONARY_HEAD, end);
  }
}

function entryBytes(text: string): number {
  return 4 + Math.ceil(Buffer.byteLength(text) / 4) * 4;
}

/** Reads a dictionary from any thread; decodes each entry once. */
export class DictionaryReader {
  readonly #header: Int32Array;
  readonly #memory: SharedArrayBuffer;
  readonly #names: string[] = [''];
  readonly #definitions: EventDefinition[] = [];
  #position = 0;

  constructor(header: Int32Array, memory: SharedArrayBuffer) {
    this.#header = header;
    this.#memory = memory;
  }

  /** The string of a number; empty for one that was never given out. */
  name(id: number): string {
    if (id >= this.#names.length) this.#catchUp();
    return this.#names[id] ?? '';
  }

  /** The event types published so far, by number. */
  definitions(): readonly EventDefinition[] {
    this.#catchUp();
    return this.#definitions;
  }

  #catchUp(): void {
    const end = Atomics.load(this.#header, DICTIONARY_HEAD);
    if (end === this.#position) {
      return;
    }
    const buffer = Buffer.from(this.#memory);
    while (this.#position < end) {
      const word = buffer.readUInt32LE(this.#position);
      const length = word & BYTES_MASK;
      const start = this.#position + 4;
      const text = buffer.toString('utf8', start, start + length);
      if (word >>> 28 === NAME) this.#names.push(text);
      else this.#definitions.push(JSON.parse(text) as EventDefinition);
      this.#position = start + Math.ceil(length / 4) * 4;
    }
  }
}
