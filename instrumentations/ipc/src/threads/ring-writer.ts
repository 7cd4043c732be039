import {
  type Context,
  INVALID_SPANID,
  INVALID_TRACEID,
  propagation,
  type SpanContext,
  trace,
} from '@opentelemetry/api';
import type { HybridClock } from '@sonde/event-stream';
import { type Account, accountIn, type Peer, settleAccount } from '../account.ts';
import { writeBaggage } from './baggage-text.ts';
import { commonMs } from './clock.ts';
import { writeHex } from './hex-words.ts';
import { MessageContext } from './message-context.ts';
import {
  FLAGS,
  HAS_ACCOUNT,
  HAS_TEXT,
  HAS_TRACE,
  HEAD,
  HLC_HIGH,
  HLC_LOW,
  IS_OWN_SPAN,
  KIND_SHIFT,
  LIMIT,
  limitStep,
  MAX_TEXT_BYTES,
  PARTED,
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

const TRACE_WORDS = 4;
const SPAN_WORDS = 2;

/** The writing side of a side ring. */
export class RingWriter {
  readonly #ring: Ring;
  readonly #clock: HybridClock;
  readonly #peer: Peer | undefined;
  readonly #mask: number;
  /** Messages sent, as an int32. */
  #sent: number;
  #limit: number;
  #textHead = 0;
  /** Whether the last one has answered a message of the peer. */
  #isAnswer = false;
  #lastText = '';
  #lastTextAt = 0;
  #lastTextLength = 0;
  readonly #maxText: number;
  #isShortened = false;
  #lastSpanContext: SpanContext | undefined;
  readonly #lastIds = new Int32Array(TRACE_WORDS + SPAN_WORDS);
  readonly #lastTrace = this.#lastIds.subarray(0, TRACE_WORDS);
  readonly #lastSpan = this.#lastIds.subarray(TRACE_WORDS);

  /** @param peer what stands for the receiver in accounts */
  constructor(ring: Ring, clock: HybridClock, peer: Peer | undefined) {
    this.#ring = ring;
    this.#clock = clock;
    this.#peer = peer;
    this.#mask = ring.size.slots - 1;
    this.#maxText = Math.min(MAX_TEXT_BYTES, ring.size.textBytes / 2);
    this.#sent = Atomics.load(ring.header, HEAD);
    this.#limit = Atomics.load(ring.header, LIMIT);
    Atomics.store(ring.header, STOPPED, 0);
  }

  /** Messages sent and not taken up, as far as that is known. */
  get depth(): number {
    return this.isParted ? 0 : this.unread;
  }

  /** Messages sent and not taken up by whom they were meant for when they were. */
  get unread(): number {
    return Math.max(0, (this.#sent - Atomics.load(this.#ring.header, TAKEN)) | 0);
  }

  /** Whether the other end has gone to another thread, which knows nothing of the ring. */
  get isParted(): boolean {
    return this.#ring.header[PARTED] === 1;
  }

  /**
   * Fills the slot of the message that is sent next.
   * @param kind see `messageKind`
   * @param nowMs `performance.now()`
   * @param ports those that travel with it, as text; empty when none does
   * @returns false when its baggage, or tracestate, is too long and stays behind
   */
  write(active: Context, kind: number, nowMs: number, ports: string): boolean {
    const { header, words, doubles } = this.#ring;
    const sequence = this.#sent;
    const slot = (sequence & this.#mask) * SLOT_WORDS;
    // Before the slot: the reader then knows that the one that lies there may be gone.
    if (sequence === this.#limit) this.#moveLimit();
    header[HEAD] = (sequence + 1) | 0;
    words[slot + SEQUENCE] = sequence;
    const timestamp = this.#clock.send(nowMs);
    words[slot + HLC_HIGH] = timestamp.high;
    words[slot + HLC_LOW] = timestamp.low;
    doubles[(slot + TIME) >> 1] = commonMs(nowMs);
    let flags = kind << KIND_SHIFT;
    flags |= active instanceof MessageContext ? this.#passOn(slot, active, ports) : this.#carry(slot, active, ports);
    flags |= this.#settle(slot, flags, active, nowMs);
    words[slot + FLAGS] = flags;
    words[slot + SEQUENCE] = (sequence + 1) | 0;
    this.#sent = (sequence + 1) | 0;
    if (!this.#isShortened) return true;
    this.#isShortened = false;
    return false;
  }

  #moveLimit(): void {
    this.#limit = (this.#limit + limitStep(this.#ring.size)) | 0;
    Atomics.store(this.#ring.header, LIMIT, this.#limit);
  }

  /** The message could not be sent: its slot goes to the next one. */
  rollBack(): void {
    this.#sent = (this.#sent - 1) | 0;
    this.#ring.header[HEAD] = this.#sent;
    this.#ring.words[(this.#sent & this.#mask) * SLOT_WORDS + SEQUENCE] = this.#sent;
    if (this.#isAnswer) this.#peer?.takenUp.takeBack();
  }

  /** Messages to come have no slot. */
  stop(): void {
    Atomics.store(this.#ring.header, STOPPED, 1);
  }

  /** The context of a message that was received: what it has brought goes on as it came, without a detour by text. */
  #passOn(slot: number, active: MessageContext, ports: string): number {
    const { words } = this.#ring;
    let flags = 0;
    if (active.hasTrace) {
      words[slot + TRACE_ID] = active.trace0;
      words[slot + TRACE_ID + 1] = active.trace1;
      words[slot + TRACE_ID + 2] = active.trace2;
      words[slot + TRACE_ID + 3] = active.trace3;
      words[slot + SPAN_ID] = active.span0;
      words[slot + SPAN_ID + 1] = active.span1;
      flags |= HAS_TRACE | (active.flags & TRACE_FLAGS);
    }
    const text = active.text === '' && ports === '' ? '' : textWith(active.text, ports);
    return text === '' ? flags : flags | this.#writeText(slot, text);
  }

  #carry(slot: number, active: Context, ports: string): number {
    let flags = 0;
    const spanContext = trace.getSpanContext(active);
    if (spanContext !== undefined) flags |= this.#writeTrace(slot, spanContext);
    const text = textOf(active, spanContext, ports);
    return text === '' ? flags : flags | this.#writeText(slot, text);
  }

  #writeTrace(slot: number, spanContext: SpanContext): number {
    if (spanContext !== this.#lastSpanContext && !this.#intern(spanContext)) return 0;
    const { words } = this.#ring;
    // `set` costs more than six stores.
    for (let word = 0; word < TRACE_WORDS + SPAN_WORDS; word++)
      words[slot + TRACE_ID + word] = this.#lastIds[word] as number;
    const own = spanContext.isRemote === true ? 0 : IS_OWN_SPAN;
    return HAS_TRACE | own | (spanContext.traceFlags & TRACE_FLAGS);
  }

  #intern(spanContext: SpanContext): boolean {
    this.#lastSpanContext = undefined;
    const { traceId, spanId } = spanContext;
    const isWhole = traceId.length === INVALID_TRACEID.length && spanId.length === INVALID_SPANID.length;
    const isHex = writeHex(traceId, this.#lastTrace, 0) && writeHex(spanId, this.#lastSpan, 0);
    // The same object stands for the same ids: that is what the API says of it.
    if (isWhole && isHex && traceId !== INVALID_TRACEID) this.#lastSpanContext = spanContext;
    return this.#lastSpanContext !== undefined;
  }

  /** Says what the message answers, if anything. */
  #settle(slot: number, flags: number, active: Context, nowMs: number): number {
    this.#isAnswer = false;
    const peer = this.#peer;
    if (peer === undefined) return 0;
    const own = active instanceof MessageContext ? active : accountIn(active);
    const ids = (flags & HAS_TRACE) === 0 ? undefined : this.#ring.words;
    const account = settleAccount(own, peer, ids, slot + TRACE_ID);
    if (account === undefined) return 0;
    this.#isAnswer = true;
    return this.#writeAccount(slot, account, nowMs);
  }

  #writeAccount(slot: number, account: Account, nowMs: number): number {
    const { floats } = this.#ring;
    floats[slot + SENT_AGE] = nowMs - account.sentMs;
    floats[slot + TAKEN_UP_AGE] = nowMs - account.takenUpMs;
    return HAS_ACCOUNT;
  }

  #writeText(slot: number, text: string): number {
    return this.#writeWhole(slot, text) || this.#writeShortened(slot, text);
  }

  /** What is too long stays behind: the baggage, else the tracestate as well, never the ports. */
  #writeShortened(slot: number, text: string): number {
    this.#isShortened = true;
    const state = text.slice(0, text.indexOf(SEPARATOR));
    const rest = SEPARATOR + text.slice(text.lastIndexOf(SEPARATOR));
    return this.#writeWhole(slot, state + rest) || this.#writeWhole(slot, rest);
  }

  #writeWhole(slot: number, text: string): number {
    const { words, size } = this.#ring;
    const isFresh = ((this.#textHead - this.#lastTextAt) | 0) > size.textBytes / 2;
    if ((text !== this.#lastText || isFresh) && !this.#append(text)) return 0;
    words[slot + TEXT_AT] = this.#lastTextAt;
    words[slot + TEXT_LENGTH] = this.#lastTextLength;
    return HAS_TEXT;
  }

  /** A burst of messages of one context writes its text once. */
  #append(text: string): boolean {
    const length = Buffer.byteLength(text);
    if (length > this.#maxText) return false;
    const { header, size, text: bytes } = this.#ring;
    const into = this.#textHead & (size.textBytes - 1);
    const at = into + length > size.textBytes ? (this.#textHead + size.textBytes - into) | 0 : this.#textHead;
    this.#textHead = (at + length) | 0;
    // Before the bytes, as with slots.
    header[TEXT_HEAD] = this.#textHead;
    bytes.write(text, at & (size.textBytes - 1));
    this.#lastText = text;
    this.#lastTextAt = at;
    this.#lastTextLength = length;
    return true;
  }
}

/** The text of a message that came, with the ports of the one that goes. */
function textWith(text: string, ports: string): string {
  const lines = text === '' ? SEPARATOR : text.slice(0, text.lastIndexOf(SEPARATOR));
  return lines === SEPARATOR && ports === '' ? '' : lines + SEPARATOR + ports;
}

function textOf(active: Context, spanContext: SpanContext | undefined, ports: string): string {
  const state = spanContext?.traceState?.serialize() ?? '';
  const baggage = propagation.getBaggage(active);
  if (state === '' && baggage === undefined && ports === '') return '';
  return state + SEPARATOR + (baggage === undefined ? '' : writeBaggage(baggage)) + SEPARATOR + ports;
}
