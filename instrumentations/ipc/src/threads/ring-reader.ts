import { type Context, ROOT_CONTEXT } from '@opentelemetry/api';
import type { HybridClock } from '@sonde/event-stream';
import { noteAnswer, type Peer } from '../account.ts';
import type { MissReason, Received } from '../channels.ts';
import { MessageContext } from './message-context.ts';
import {
  BASE,
  GUARD_SLOTS,
  HAS_ACCOUNT,
  HAS_TEXT,
  HAS_TRACE,
  HEAD,
  HLC_HIGH,
  HLC_LOW,
  IS_OWN_SPAN,
  KIND_SHIFT,
  LIMIT,
  PARTED,
  type Ring,
  SENT_AGE,
  SEPARATOR,
  SEQUENCE,
  SLOT_WORDS,
  STOPPED,
  TAKEN,
  TAKEN_UP_AGE,
  TEXT_AT,
  TEXT_HEAD,
  TEXT_LENGTH,
} from './ring-layout.ts';

/** What is known of a message of which nothing is known; one object serves for all. */
interface Unknown extends Received {
  context: Context | undefined;
  takenUpMs: number;
  bytes: number;
}

/** The reading side of a side ring: says of each message that has arrived what it carried. */
export class RingReader {
  /** Why nothing is known of the last message; undefined when everything is. */
  miss: MissReason | undefined;
  /** The ports that came with it, as the sender has written them. */
  ports = '';
  readonly #peer: Peer | undefined;
  readonly #ring: Ring;
  readonly #clock: HybridClock;
  readonly #timestamp: { high: number; low: number } = { high: 0, low: 0 };
  readonly #unknown: Unknown = {
    context: ROOT_CONTEXT,
    isSampled: false,
    sentMs: Number.NaN,
    takenUpMs: 0,
    bytes: 0,
  };
  /** Messages taken up, as an int32. */
  #taken: number;
  #isLost = false;
  // Of an answer: how long before it was sent what it answers was sent and taken up.
  #sentAgeMs = 0;
  #takenUpAgeMs = 0;
  /** Of the last one, as the sender counts. */
  #textAt = 0;

  /**
   * @param peer what stands for the sender in accounts
   * @param taken messages that came the same way before there was a ring
   */
  constructor(
    ring: Ring,
    clock: HybridClock,
    { peer, taken }: { readonly peer: Peer | undefined; readonly taken: number },
  ) {
    this.#ring = ring;
    this.#clock = clock;
    this.#peer = peer;
    this.#taken = taken;
    Atomics.store(ring.header, TAKEN, taken);
  }

  /** Messages sent to this side that were not taken up. */
  get pending(): number {
    return Math.max(0, (Atomics.load(this.#ring.header, HEAD) - this.#taken) | 0);
  }

  /** The port goes to another thread: the writer is not to wait for it. */
  part(): void {
    Atomics.store(this.#ring.header, PARTED, 1);
  }

  /** A message arrived that could not be read. */
  skip(): void {
    this.#taken = (this.#taken + 1) | 0;
    this.#ring.header[TAKEN] = this.#taken;
  }

  /**
   * A message arrived: what is known of it, valid until the next one.
   * @param nowMs `performance.now()`
   * @param bytes 0 where that is not known
   */
  take(kind: number, nowMs: number, bytes: number): Received {
    const sequence = this.#taken;
    this.skip();
    this.ports = '';
    const slot = (sequence & (this.#ring.size.slots - 1)) * SLOT_WORDS;
    this.miss = this.#absence(sequence, slot);
    if (this.miss === undefined) {
      const message = this.#copy(slot, nowMs);
      this.miss = this.#doubt(message, kind, sequence);
      if (this.miss === undefined) {
        message.bytes = bytes;
        this.#accept(message, nowMs);
        return message;
      }
    }
    const unknown = this.#unknown;
    // As it would be if nobody observed the sender: nobody does, or did.
    unknown.context = this.miss === 'peer' ? undefined : ROOT_CONTEXT;
    unknown.takenUpMs = nowMs;
    unknown.bytes = bytes;
    return unknown;
  }

  /** Why there is no slot of a message; undefined when there is one. */
  #absence(sequence: number, slot: number): MissReason | undefined {
    if (this.#isLost) return 'desync';
    const { header, words } = this.#ring;
    if (words[slot + SEQUENCE] === ((sequence + 1) | 0)) return undefined;
    if (this.#isOverwritten(sequence)) return 'lapped';
    const isBefore = ((sequence - Atomics.load(header, BASE)) | 0) < 0;
    return isBefore || Atomics.load(header, STOPPED) === 1 ? 'peer' : this.#desync();
  }

  /** What is in a slot, before it is known to have been whole. */
  #copy(slot: number, nowMs: number): MessageContext {
    const { words, floats } = this.#ring;
    const message = new MessageContext(this.#ring, slot, this.#peer, nowMs);
    this.#timestamp.high = words[slot + HLC_HIGH] as number;
    this.#timestamp.low = words[slot + HLC_LOW] as number;
    if ((message.flags & HAS_ACCOUNT) !== 0) {
      this.#sentAgeMs = floats[slot + SENT_AGE] as number;
      this.#takenUpAgeMs = floats[slot + TAKEN_UP_AGE] as number;
    }
    if ((message.flags & HAS_TEXT) !== 0) this.#copyText(message, slot);
    return message;
  }

  #copyText(message: MessageContext, slot: number): void {
    const { words, size, text } = this.#ring;
    this.#textAt = words[slot + TEXT_AT] as number;
    const into = this.#textAt & (size.textBytes - 1);
    message.text = text.toString('utf8', into, into + (words[slot + TEXT_LENGTH] as number));
  }

  /** Why a copy is not to be believed. */
  #doubt({ flags }: MessageContext, kind: number, sequence: number): MissReason | undefined {
    if (this.#isOverwritten(sequence)) return 'lapped';
    if ((flags & HAS_TEXT) !== 0 && this.#isTextOverwritten()) return 'lapped';
    return flags >>> KIND_SHIFT === kind ? undefined : this.#desync();
  }

  #isOverwritten(sequence: number): boolean {
    const behind = (Atomics.load(this.#ring.header, LIMIT) - sequence) | 0;
    return behind > this.#ring.size.slots - GUARD_SLOTS;
  }

  #isTextOverwritten(): boolean {
    const { header, size } = this.#ring;
    return ((Atomics.load(header, TEXT_HEAD) - this.#textAt) | 0) > size.textBytes;
  }

  /** Messages went by unseen. From now on any slot might be that of another message, so none is believed any more. */
  #desync(): MissReason {
    this.#isLost = true;
    return 'desync';
  }

  #accept(message: MessageContext, nowMs: number): void {
    const { flags, text, sentMs } = message;
    const isAccepted = this.#clock.receive(this.#timestamp, nowMs);
    message.isOrdered = isAccepted && (flags & IS_OWN_SPAN) !== 0;
    if (text !== '') this.ports = text.slice(text.lastIndexOf(SEPARATOR) + 1);
    if ((flags & HAS_ACCOUNT) !== 0) {
      noteAnswer(message, sentMs - this.#sentAgeMs, sentMs - this.#takenUpAgeMs, nowMs);
    } else if ((flags & HAS_TRACE) !== 0 && this.#peer !== undefined) {
      message.place = this.#peer.takenUp.add(message, sentMs, nowMs);
    }
  }
}
