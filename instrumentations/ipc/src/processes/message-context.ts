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
import {
  ACCOUNT_LENGTH,
  ACCOUNT_MARK,
  FLAGS_AT,
  IDS_END,
  MAX_FLAGS,
  MIN_LENGTH,
  NO_HEAD,
  PASSED_ON,
  SPAN_ID_AT,
  TRACE_ID_AT,
} from './command.ts';
import { STAMP_LENGTH } from './stamp.ts';

// The keys of the API, by the names under which it makes them: a look-up, since keys are `Symbol.for`.
const SPAN = createContextKey('OpenTelemetry Context Key SPAN');
const BAGGAGE = createContextKey('OpenTelemetry Baggage Key');
const ACCOUNT = createContextKey('sonde.ipc.account');
const IDS = /^(?!0{32})[0-9a-f]{32}(?!0{16})[0-9a-f]{18}$/;
const DIGIT = 48;
const LETTER_A = 97;
/** The first digit of the flags 0x00 to 0x70 with `PASSED_ON` among them; others have it already. */
const PASSED_ON_DIGIT = '89abcdef';

/**
 * The context that a message has brought, with all that is known of the message. A context of the API would cost a map, a
 * span and a regular expression a message; most messages are handled without anybody asking for them, so they are made
 * when they are asked for.
 */
export class MessageContext implements Context, Account, Received {
  /** That of the envelope, or anything that begins like one. */
  readonly cmd: string;
  readonly peer: Peer;
  readonly sentMs: number;
  takenUpMs: number = Number.NaN;
  place: number = NOWHERE;
  readonly bytes = 0;
  /** Whether it answers a message that was sent from here. */
  readonly hasAccount: boolean;
  /** When the message that this one answers was sent and taken up, in this thread's time; NaN where that is not told. */
  answeredSentMs: number = Number.NaN;
  answeredTakenMs: number = Number.NaN;
  carrier: Carrier | undefined = undefined;
  readonly #timestamp: HybridTimestamp | undefined;
  #span: Span | undefined;
  #plain: Context | undefined;
  #isAsked = false;
  #baggage: Baggage | undefined;
  #isBaggageAsked = false;

  /** @param timestamp of the sender; undefined when this thread's clock has refused it */
  constructor(cmd: string, peer: Peer, sentMs: number, timestamp: HybridTimestamp | undefined) {
    reserveMark(this);
    this.cmd = cmd;
    this.peer = peer;
    this.sentMs = sentMs;
    this.hasAccount = cmd[IDS_END] === ACCOUNT_MARK && cmd.length >= MIN_LENGTH + ACCOUNT_LENGTH;
    this.#timestamp = timestamp;
  }

  get context(): Context {
    return this;
  }

  /** What a parent sends is no answer that a pool would go on from. */
  get isAnswer(): boolean {
    return this.hasAccount && this.peer.isDown;
  }

  /** The command up to the flags, for another side, which is told that the ids were only given to this one. */
  get headToPassOn(): string {
    const { cmd } = this;
    if (cmd.length < MIN_LENGTH) return NO_HEAD;
    return (
      cmd.slice(0, FLAGS_AT) + (PASSED_ON_DIGIT[cmd.charCodeAt(FLAGS_AT) - DIGIT] ?? cmd[FLAGS_AT]) + cmd[FLAGS_AT + 1]
    );
  }

  /** Line feed, tracestate, line feed, baggage; or empty. */
  get text(): string {
    const { cmd } = this;
    const at = this.hasAccount ? IDS_END + ACCOUNT_LENGTH : IDS_END;
    return cmd[at] === '\n' ? cmd.slice(at, -STAMP_LENGTH) : '';
  }

  /** Or anything. */
  get traceId(): string {
    return this.cmd.slice(TRACE_ID_AT, SPAN_ID_AT);
  }

  /** Whether the last hex digit is odd; the codes of letters are so where their values are not. */
  get isSampled(): boolean {
    const code = this.cmd.charCodeAt(IDS_END - 1);
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
    return Number.parseInt(this.cmd.slice(FLAGS_AT, IDS_END), 16) | 0;
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
    if (!IDS.test(this.cmd.slice(TRACE_ID_AT, IDS_END))) return undefined;
    const timestamp = this.#timestamp;
    this.#span = trace.wrapSpanContext(this.#spanContext());
    if (timestamp !== undefined && (this.#flags & PASSED_ON) === 0) rememberSent(this, timestamp);
    return this.#span;
  }

  #spanContext(): SpanContext {
    const { cmd, text } = this;
    const state = text.slice(1, Math.max(1, text.indexOf('\n', 1)));
    return {
      traceId: this.traceId,
      spanId: cmd.slice(SPAN_ID_AT, FLAGS_AT),
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
