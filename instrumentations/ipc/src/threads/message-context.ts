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
import { guard, rememberSent } from '@sonde/instrumentation-kit';
import { type Account, accountIn, type Peer, withAccount } from '../account.ts';
import { reserveMark } from '../answers.ts';
import { readBaggage } from './baggage-text.ts';
import { hexOf } from './hex-words.ts';
import { SEPARATOR } from './ring-layout.ts';

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

/** What a slot says of the trace of a message; copied. */
export interface ReceivedTrace {
  /** Whether it had one: there may be baggage alone. */
  readonly hasTrace: boolean;
  /** Six words: trace id, span id. */
  readonly ids: Int32Array;
  /** Of the trace. */
  readonly flags: number;
  /** tracestate, baggage and ports, or empty. */
  readonly text: string;
  /** When it was sent, by the sender's clock; 0 when this thread's clock has refused it, or the span is not the sender's. */
  readonly hlcHigh: number;
  readonly hlcLow: number;
  /** What stands for the sender. */
  readonly peer: Peer | undefined;
  readonly sentMs: number;
  readonly takenUpMs: number;
  /** Among those taken up from the peer. */
  readonly place: number;
}

/**
 * The context that a message has brought. A context of the API would cost a map, a span and two strings a message;
 * most messages are handled without anybody asking for them, so they are made when they are asked for.
 */
export class MessageContext implements Context, Account {
  readonly peer: Peer | undefined;
  readonly sentMs: number;
  readonly takenUpMs: number;
  readonly place: number;
  readonly hasTrace: boolean;
  readonly flags: number;
  readonly text: string;
  /** Trace id and span id as they were in the slot: what is sent on from here needs no hex. */
  readonly trace0: number;
  readonly trace1: number;
  readonly trace2: number;
  readonly trace3: number;
  readonly span0: number;
  readonly span1: number;
  readonly #hlcHigh: number;
  readonly #hlcLow: number;
  #span: Span | undefined;
  #baggage: Baggage | undefined | null = null;

  constructor(received: ReceivedTrace) {
    const { ids } = received;
    this.hasTrace = received.hasTrace;
    this.flags = received.flags;
    this.text = received.text;
    this.trace0 = ids[0] as number;
    this.trace1 = ids[1] as number;
    this.trace2 = ids[2] as number;
    this.trace3 = ids[3] as number;
    this.span0 = ids[4] as number;
    this.span1 = ids[5] as number;
    this.#hlcHigh = received.hlcHigh;
    this.#hlcLow = received.hlcLow;
    reserveMark(this);
    this.peer = received.peer;
    this.sentMs = received.sentMs;
    this.takenUpMs = received.takenUpMs;
    this.place = received.place;
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
    if (this.#hlcHigh !== 0) rememberSent(this, { high: this.#hlcHigh, low: this.#hlcLow });
    return span;
  }

  #spanContext(): SpanContext {
    const { flags, text } = this;
    const state = text.slice(0, Math.max(0, text.indexOf(SEPARATOR)));
    return {
      traceId: hexOf(this.trace0) + hexOf(this.trace1) + hexOf(this.trace2) + hexOf(this.trace3),
      spanId: hexOf(this.span0) + hexOf(this.span1),
      traceFlags: flags,
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
