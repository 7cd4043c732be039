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
import { guard, rememberSent } from '@sonde/instrumentation-kit';
import { type Account, accountIn, type Peer, withAccount } from '../account.ts';
import { reserveMark } from '../answers.ts';
import type { Received } from '../channels.ts';
import { NOWHERE } from '../taken-up.ts';
import { readBaggage } from './baggage-text.ts';
import { localMs } from './clock.ts';
import { hexOf } from './hex-words.ts';
import {
  FLAGS,
  HAS_ACCOUNT,
  HAS_TRACE,
  HLC_HIGH,
  HLC_LOW,
  type Ring,
  SEPARATOR,
  SPAN_ID,
  TIME,
  TRACE_FLAGS,
  TRACE_ID,
} from './ring-layout.ts';

/** The key under which a function looks something up: the API does not export its own. */
function keyOf(read: (active: Context) => unknown): symbol {
  let asked: symbol | undefined;
  const spy: Context = {
    getValue(key) {
      asked = key;
      return undefined;
    },
    setValue: () => spy,
    deleteValue: () => spy,
  };
  read(spy);
  return asked ?? createContextKey('sonde.ipc.unknown');
}

const SPAN = keyOf((active) => trace.getSpan(active));
const BAGGAGE = keyOf((active) => propagation.getBaggage(active));
const ACCOUNT = keyOf((active) => accountIn(active));

/**
 * The context that a message has brought, with all that is known of the message. A context of the API would cost a map, a
 * span and two strings a message; most messages are handled without anybody asking for them, so they are made when they are
 * asked for.
 */
export class MessageContext implements Context, Account, Received {
  readonly peer: Peer | undefined;
  readonly sentMs: number;
  readonly takenUpMs: number;
  place: number = NOWHERE;
  bytes = 0;
  /** tracestate, baggage and ports, or empty. */
  text = '';
  /** The flags of the slot. */
  readonly flags: number;
  /** Trace id and span id as they were in the slot: what is sent on from here needs no hex. */
  readonly trace0: number;
  readonly trace1: number;
  readonly trace2: number;
  readonly trace3: number;
  readonly span0: number;
  readonly span1: number;
  /** When it was sent, by the sender's clock. */
  readonly #hlcHigh: number;
  readonly #hlcLow: number;
  /** Whether what happened before the span's end, as far as its sender knew, happened before this. */
  isOrdered = false;
  #span: Span | undefined;
  #baggage: Baggage | undefined | null = null;

  /**
   * Copies what is in a slot.
   * @param at where the slot begins
   * @param peer what stands for the sender
   */
  constructor({ words, doubles }: Ring, at: number, peer: Peer | undefined, takenUpMs: number) {
    reserveMark(this);
    this.peer = peer;
    this.sentMs = localMs(doubles[(at + TIME) >> 1] as number);
    this.takenUpMs = takenUpMs;
    this.flags = words[at + FLAGS] as number;
    this.trace0 = words[at + TRACE_ID] as number;
    this.trace1 = words[at + TRACE_ID + 1] as number;
    this.trace2 = words[at + TRACE_ID + 2] as number;
    this.trace3 = words[at + TRACE_ID + 3] as number;
    this.span0 = words[at + SPAN_ID] as number;
    this.span1 = words[at + SPAN_ID + 1] as number;
    this.#hlcHigh = words[at + HLC_HIGH] as number;
    this.#hlcLow = words[at + HLC_LOW] as number;
  }

  get context(): Context {
    return this.hasTrace || this.text !== '' ? this : ROOT_CONTEXT;
  }

  /** There may be baggage alone. */
  get hasTrace(): boolean {
    return (this.flags & HAS_TRACE) !== 0;
  }

  get isSampled(): boolean {
    return (this.flags & TraceFlags.SAMPLED) !== 0;
  }

  /** What a parent sends is no answer that a pool would go on from, and what has no context of its own cannot be marked. */
  get isAnswer(): boolean {
    return (this.flags & HAS_ACCOUNT) !== 0 && this.peer?.isDown === true && this.context === this;
  }

  getValue(key: symbol): unknown {
    if (key === SPAN) return this.hasTrace ? this.#spanOf() : undefined;
    if (key === ACCOUNT) return this;
    return key === BAGGAGE ? this.#baggageOf() : undefined;
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#plain().setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return this.#plain().deleteValue(key);
  }

  #plain(): Context {
    const plain = withAccount(this.hasTrace ? trace.setSpan(ROOT_CONTEXT, this.#spanOf()) : ROOT_CONTEXT, this);
    const baggage = this.#baggageOf();
    return baggage === undefined ? plain : propagation.setBaggage(plain, baggage);
  }

  #spanOf(): Span {
    if (this.#span !== undefined) return this.#span;
    const span = trace.wrapSpanContext(this.#spanContext());
    this.#span = span;
    if (this.isOrdered) rememberSent(this, { high: this.#hlcHigh, low: this.#hlcLow });
    return span;
  }

  #spanContext(): SpanContext {
    const { flags, text } = this;
    const state = text.slice(0, Math.max(0, text.indexOf(SEPARATOR)));
    return {
      traceId: hexOf(this.trace0) + hexOf(this.trace1) + hexOf(this.trace2) + hexOf(this.trace3),
      spanId: hexOf(this.span0) + hexOf(this.span1),
      traceFlags: flags & TRACE_FLAGS,
      isRemote: true,
      ...(state === '' ? {} : { traceState: createTraceState(state) }),
    };
  }

  #baggageOf(): Baggage | undefined {
    if (this.#baggage !== null) return this.#baggage;
    const [, line = ''] = this.text.split(SEPARATOR);
    this.#baggage = guard('ipc.baggage', () => readBaggage(line), undefined);
    return this.#baggage;
  }
}
