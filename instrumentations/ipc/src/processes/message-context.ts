import {
  type Baggage,
  type Context,
  createContextKey,
  createTraceState,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  trace,
} from '@opentelemetry/api';
import type { HybridTimestamp } from '@sonde/event-stream';
import { type Carrier, guard, readCarrier, rememberSent } from '@sonde/instrumentation-kit';
import { type Account, type Peer, withAccount } from '../account.ts';
import { reserveMark } from '../answers.ts';
import type { Received } from '../channels.ts';
import { NOWHERE } from '../taken-up.ts';
import { readBaggage } from '../threads/baggage-text.ts';

// The keys of the API, by the names under which it makes them: a look-up, since keys are `Symbol.for`.
const SPAN = createContextKey('OpenTelemetry Context Key SPAN');
const BAGGAGE = createContextKey('OpenTelemetry Baggage Key');
const ACCOUNT = createContextKey('sonde.ipc.account');
const TRACE_ID_LENGTH = 32;
const SPAN_ID_LENGTH = 16;
const FLAGS_AT = TRACE_ID_LENGTH + SPAN_ID_LENGTH;
const IDS = /^(?!0{32})[0-9a-f]{32}(?!0{16})[0-9a-f]{18}$/;
/** Among the flags: the sender itself had only been given the context. W3C uses two of the eight. */
export const PASSED_ON = 0x80;
const LETTER_A = 97;
export const MAX_FLAGS = 0x7f;

/**
 * The context that a message has brought, with all that is known of the message. A context of the API would cost a map, a
 * span and a regular expression a message; most messages are handled without anybody asking for them, so they are made
 * when they are asked for.
 */
export class MessageContext implements Context, Account, Received {
  readonly peer: Peer;
  readonly sentMs: number;
  takenUpMs: number = Number.NaN;
  place: number = NOWHERE;
  readonly bytes = 0;
  /** Whether it answers a message that was sent from here; what a parent sends is no answer that a pool would go on from. */
  hasAccount = false;
  /** When the message that this one answers was sent and taken up, in this thread's time; NaN where that is not told. */
  answeredSentMs: number = Number.NaN;
  answeredTakenMs: number = Number.NaN;
  /** Trace id, span id and flags, or anything. */
  ids = '';
  /** Line feed, tracestate, line feed, baggage; or empty. */
  text = '';
  carrier: Carrier | undefined = undefined;
  readonly #timestamp: HybridTimestamp | undefined;
  #span: Span | undefined;
  #plain: Context | undefined;
  #isAsked = false;
  #baggage: Baggage | undefined;
  #isBaggageAsked = false;

  /** @param timestamp of the sender; undefined when this thread's clock has refused it */
  constructor(peer: Peer, sentMs: number, timestamp: HybridTimestamp | undefined) {
    reserveMark(this);
    this.peer = peer;
    this.sentMs = sentMs;
    this.#timestamp = timestamp;
  }

  get context(): Context {
    return this;
  }

  get isAnswer(): boolean {
    return this.hasAccount && this.peer.isDown;
  }

  /** Or anything. */
  get traceId(): string {
    return this.ids.slice(0, TRACE_ID_LENGTH);
  }

  /** Whether the last hex digit is odd; the codes of letters are so where their values are not. */
  get isSampled(): boolean {
    const code = this.ids.charCodeAt(FLAGS_AT + 1);
    // NaN where there are none.
    return code > 0 && (code & 1) === (code < LETTER_A ? 1 : 0);
  }

  getValue(key: symbol): unknown {
    if (key === ACCOUNT) return this;
    if (key === SPAN) return this.#spanOf();
    if (key === BAGGAGE) return this.#baggageOf();
    return this.carrier === undefined ? undefined : this.#plainOf().getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#plainOf().setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return this.#plainOf().deleteValue(key);
  }

  /** 0 for what is no number. */
  get #flags(): number {
    return Number.parseInt(this.ids.slice(FLAGS_AT), 16) | 0;
  }

  #plainOf(): Context {
    if (this.#plain !== undefined) return this.#plain;
    const { carrier } = this;
    let plain = carrier === undefined ? ROOT_CONTEXT : readCarrier(carrier);
    const span = this.#spanOf();
    const baggage = this.#baggageOf();
    if (span !== undefined) plain = trace.setSpan(plain, span);
    if (baggage !== undefined) plain = propagation.setBaggage(plain, baggage);
    this.#plain = withAccount(plain, {
      peer: this.peer,
      sentMs: this.sentMs,
      takenUpMs: this.takenUpMs,
      place: this.place,
    });
    return this.#plain;
  }

  #spanOf(): Span | undefined {
    if (this.#isAsked) return this.#span;
    this.#isAsked = true;
    if (!IDS.test(this.ids)) return undefined;
    const timestamp = this.#timestamp;
    this.#span = trace.wrapSpanContext(this.#spanContext());
    if (timestamp !== undefined && (this.#flags & PASSED_ON) === 0) rememberSent(this, timestamp);
    return this.#span;
  }

  #spanContext(): SpanContext {
    const { ids, text } = this;
    const state = text.slice(1, Math.max(1, text.indexOf('\n', 1)));
    return {
      traceId: this.traceId,
      spanId: ids.slice(TRACE_ID_LENGTH, FLAGS_AT),
      traceFlags: this.#flags & MAX_FLAGS,
      isRemote: true,
      ...(state === '' ? {} : { traceState: createTraceState(state) }),
    };
  }

  #baggageOf(): Baggage | undefined {
    if (this.#isBaggageAsked) return this.#baggage;
    this.#isBaggageAsked = true;
    const { text } = this;
    const start = text.indexOf('\n', 1) + 1;
    if (start > 0) this.#baggage = guard('ipc.baggage', () => readBaggage(text.slice(start)), undefined);
    return this.#baggage;
  }
}
