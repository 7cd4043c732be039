import {
  type Baggage,
  type Context,
  createContextKey,
  createTraceState,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { HybridTimestamp } from '@sonde/event-stream';
import { type Carrier, guard, readCarrier, rememberSent } from '@sonde/instrumentation-kit';
import { type Account, withAccount } from '../account.ts';
import type { Received } from '../channels.ts';
import { readBaggage } from '../threads/baggage-text.ts';
import { fromMonotonic } from './monotonic.ts';

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
const MAX_FLAGS = 0x7f;

/** What an envelope says, not looked at yet. */
export interface Contents {
  readonly peer: object;
  /** Trace id, span id and flags, or anything. */
  readonly ids: string;
  /** Line feed, tracestate, line feed, baggage; or empty. */
  readonly text: string;
  readonly carrier: Carrier | undefined;
  /** Undefined when this thread's clock has refused it. */
  readonly timestamp: HybridTimestamp | undefined;
  /** Microseconds of the clock of all processes. */
  readonly sent: number;
  readonly answeredSent: number;
  readonly answeredTaken: number;
}

/**
 * The context that a message has brought, with all that is known of the message. A context of the API would cost a map, a
 * span and a regular expression a message; most messages are handled without anybody asking for them, so they are made
 * when they are asked for.
 */
export class MessageContext implements Context, Account, Received {
  readonly peer: object;
  readonly sentMs: number;
  takenUpMs: number = Number.NaN;
  readonly bytes: number = Number.NaN;
  readonly #contents: Contents;
  #span: Span | undefined;
  #plain: Context | undefined;
  #isAsked = false;
  #baggage: Baggage | undefined;
  #isBaggageAsked = false;

  constructor(contents: Contents) {
    this.peer = contents.peer;
    this.sentMs = fromMonotonic(contents.sent);
    this.#contents = contents;
  }

  get context(): Context {
    return this;
  }

  get isSampled(): boolean {
    return (this.#flags & TraceFlags.SAMPLED) !== 0;
  }

  /** When the message that this one answers was sent and taken up, in this thread's time; NaN when it answers none. */
  get answeredSentMs(): number {
    return fromMonotonic(this.#contents.answeredSent);
  }

  get answeredTakenMs(): number {
    return fromMonotonic(this.#contents.answeredTaken);
  }

  get isAnswer(): boolean {
    return !Number.isNaN(this.#contents.answeredTaken);
  }

  getValue(key: symbol): unknown {
    if (key === ACCOUNT) return this;
    if (key === SPAN) return this.#spanOf();
    if (key === BAGGAGE) return this.#baggageOf();
    return this.#contents.carrier === undefined ? undefined : this.#plainOf().getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#plainOf().setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return this.#plainOf().deleteValue(key);
  }

  /** 0 for what is no number. */
  get #flags(): number {
    return Number.parseInt(this.#contents.ids.slice(FLAGS_AT), 16) | 0;
  }

  #plainOf(): Context {
    if (this.#plain !== undefined) return this.#plain;
    const { carrier } = this.#contents;
    let plain = carrier === undefined ? ROOT_CONTEXT : readCarrier(carrier);
    const span = this.#spanOf();
    const baggage = this.#baggageOf();
    if (span !== undefined) plain = trace.setSpan(plain, span);
    if (baggage !== undefined) plain = propagation.setBaggage(plain, baggage);
    this.#plain = withAccount(plain, { peer: this.peer, sentMs: this.sentMs, takenUpMs: this.takenUpMs });
    return this.#plain;
  }

  #spanOf(): Span | undefined {
    if (this.#isAsked) return this.#span;
    this.#isAsked = true;
    const { ids, timestamp } = this.#contents;
    if (!IDS.test(ids)) return undefined;
    this.#span = trace.wrapSpanContext(this.#spanContext());
    if (timestamp !== undefined && (this.#flags & PASSED_ON) === 0) rememberSent(this, timestamp);
    return this.#span;
  }

  #spanContext(): SpanContext {
    const { ids, text } = this.#contents;
    const state = text.slice(1, Math.max(1, text.indexOf('\n', 1)));
    return {
      traceId: ids.slice(0, TRACE_ID_LENGTH),
      spanId: ids.slice(TRACE_ID_LENGTH, FLAGS_AT),
      traceFlags: this.#flags & MAX_FLAGS,
      isRemote: true,
      ...(state === '' ? {} : { traceState: createTraceState(state) }),
    };
  }

  #baggageOf(): Baggage | undefined {
    if (this.#isBaggageAsked) return this.#baggage;
    this.#isBaggageAsked = true;
    const { text } = this.#contents;
    const start = text.indexOf('\n', 1) + 1;
    if (start > 0) this.#baggage = guard('ipc.baggage', () => readBaggage(text.slice(start)), undefined);
    return this.#baggage;
  }
}
