import { type Context, ROOT_CONTEXT, TraceFlags } from '@opentelemetry/api';
import type { HybridClock } from '@sonde/event-stream';
import { noteAnswer, type Peer } from '../account.ts';
import type { MissReason, Received } from '../channels.ts';
import { NOWHERE } from '../taken-up.ts';
import { localMs } from './clock.ts';
import { MessageContext, type ReceivedTrace } from './message-context.ts';
import {
  BASE,
  FLAGS,
  GUARD_SLOTS,
  HAS_ACCOUNT,
  HAS_TEXT,
  HAS_TRACE,
  HEAD,
  HLC_HIGH,
  HLC_LOW,
  IS_OWN_SPAN,
  KIND_SHIFT,
  type Ring,
  SENT_AGE,
  SEPARATOR,
  SEQUENCE,
  SLOT_WORDS,
  SPAN_ID,
  STOPPED,
  TAKEN,
  TAKEN_UP_AGE,
  TEXT_AT,
  TEXT_HEAD,
  TEXT_LENGTH,
  TIME,
  TRACE_FLAGS,
  TRACE_ID,
} from './ring-layout.ts';

const ID_WORDS = SPAN_ID + 2 - TRACE_ID;

/** The reading side of a side ring: says of each message that has arrived what it carried. */
export class RingReader implements Received, ReceivedTrace {
  context: Context | undefined = ROOT_CONTEXT;
  isSampled = false;
  isAnswer = false;
  sentMs: number = Number.NaN;
  takenUpMs = 0;
  bytes: number = Number.NaN;
  /** Why nothing is known of the message; undefined when everything is. */
  miss: MissReason | undefined;
  /** The ports that came with it, as the sender has written them. */
  ports = '';

  // What the context of the message is made of.
  hasTrace = false;
  readonly ids: Int32Array = new Int32Array(ID_WORDS);
  flags = 0;
  text = '';
  readonly peer: Peer | undefined;
  place: number = NOWHERE;

  readonly #ring: Ring;
  readonly #clock: HybridClock;
  readonly #timestamp: { high: number; low: number } = { high: 0, low: 0 };
  /** Messages taken up, as an int32. */
  #taken: number;
  #isLost = false;
  // What is copied out of a slot before it is known to have been whole.
  #flags = 0;
  #sentAgeMs = 0;
  #takenUpAgeMs = 0;

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
    this.peer = peer;
    this.#taken = taken;
    Atomics.store(ring.header, TAKEN, taken);
  }

  get hlcHigh(): number {
    return this.#timestamp.high;
  }

  get hlcLow(): number {
    return this.#timestamp.low;
  }

  /** Messages sent to this side that were not taken up. */
  get pending(): number {
    return Math.max(0, (Atomics.load(this.#ring.header, HEAD) - this.#taken) | 0);
  }

  /** A message arrived that could not be read. */
  skip(): void {
    this.#taken = (this.#taken + 1) | 0;
    this.#ring.header[TAKEN] = this.#taken;
  }

  /** A message arrived: tells what is known of it in the fields of this object. */
  take(kind: number, nowMs: number): void {
    const sequence = this.#taken;
    this.skip();
    this.context = ROOT_CONTEXT;
    this.isSampled = false;
    this.isAnswer = false;
    this.sentMs = Number.NaN;
    this.takenUpMs = nowMs;
    this.ports = '';
    this.miss = this.#copy(sequence, kind);
    if (this.miss === undefined) this.#accept(nowMs);
  }

  #copy(sequence: number, kind: number): MissReason | undefined {
    if (this.#isLost) return 'desync';
    const { words, doubles, size } = this.#ring;
    const slot = (sequence & (size.slots - 1)) * SLOT_WORDS;
    if (words[slot + SEQUENCE] !== ((sequence + 1) | 0)) return this.#absent(sequence);
    const flags = words[slot + FLAGS] as number;
    this.#flags = flags;
    this.#timestamp.high = words[slot + HLC_HIGH] as number;
    this.#timestamp.low = words[slot + HLC_LOW] as number;
    this.sentMs = localMs(doubles[(slot + TIME) >> 1] as number);
    for (let i = 0; i < ID_WORDS; i++) this.ids[i] = words[slot + TRACE_ID + i] as number;
    if ((flags & HAS_ACCOUNT) !== 0) this.#copyAccount(slot);
    if ((flags & HAS_TEXT) === 0) this.text = '';
    else if (!this.#copyText(slot)) return this.#lapped();
    if (this.#isOverwritten(sequence)) return this.#lapped();
    if (flags >>> KIND_SHIFT === kind) return undefined;
    return this.#desync();
  }

  #isOverwritten(sequence: number): boolean {
    const behind = (Atomics.load(this.#ring.header, HEAD) - sequence) | 0;
    return behind > this.#ring.size.slots - GUARD_SLOTS;
  }

  /** There is no slot of this message. */
  #absent(sequence: number): MissReason {
    if (this.#isOverwritten(sequence)) return 'lapped';
    const { header } = this.#ring;
    if (((sequence - Atomics.load(header, BASE)) | 0) < 0 || Atomics.load(header, STOPPED) === 1) {
      // As it would be if nobody observed the sender: nobody does, or did.
      this.context = undefined;
      return 'peer';
    }
    return this.#desync();
  }

  #lapped(): MissReason {
    this.sentMs = Number.NaN;
    return 'lapped';
  }

  /** Messages went by unseen. From now on any slot might be that of another message, so none is believed any more. */
  #desync(): MissReason {
    this.#isLost = true;
    this.sentMs = Number.NaN;
    return 'desync';
  }

  #copyAccount(slot: number): void {
    const { floats } = this.#ring;
    this.#sentAgeMs = floats[slot + SENT_AGE] as number;
    this.#takenUpAgeMs = floats[slot + TAKEN_UP_AGE] as number;
  }

  #copyText(slot: number): boolean {
    const { words, size, header, text } = this.#ring;
    const at = words[slot + TEXT_AT] as number;
    const into = at & (size.textBytes - 1);
    this.text = text.toString('utf8', into, into + (words[slot + TEXT_LENGTH] as number));
    return ((Atomics.load(header, TEXT_HEAD) - at) | 0) <= size.textBytes;
  }

  #accept(nowMs: number): void {
    const flags = this.#flags;
    const isAccepted = this.#clock.receive(this.#timestamp, nowMs);
    if (!isAccepted || (flags & IS_OWN_SPAN) === 0) this.#timestamp.high = 0;
    if (this.text !== '') this.ports = this.text.slice(this.text.lastIndexOf(SEPARATOR) + 1);
    this.hasTrace = (flags & HAS_TRACE) !== 0;
    if (!this.hasTrace && this.text === '') return;
    this.flags = flags & TRACE_FLAGS;
    this.isSampled = (flags & TraceFlags.SAMPLED) !== 0;
    this.place = NOWHERE;
    if ((flags & HAS_ACCOUNT) === 0) {
      if (this.hasTrace && this.peer !== undefined) this.place = this.peer.takenUp.add(this.ids, this.sentMs, nowMs);
      this.context = new MessageContext(this);
      return;
    }
    this.context = new MessageContext(this);
    // What a parent sends is no answer that a pool would go on from.
    this.isAnswer = this.peer?.isDown === true;
    noteAnswer(this.context, this.sentMs - this.#sentAgeMs, this.sentMs - this.#takenUpAgeMs, nowMs);
  }
}
