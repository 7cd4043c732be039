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
import { guard, rememberSent } from '@sonde/instrumentation-kit';
import { type Account, withAccount } from '../account.ts';
import { readBaggage } from './baggage-text.ts';
import { hexOf } from './hex-words.ts';
import { SEPARATOR } from './ring-layout.ts';

// The keys of the API, reached by what they hold: it does not export them.
const SPAN = keyOf((active) => trace.getSpan(active));
const BAGGAGE = keyOf((active) => propagation.getBaggage(active));
const ACCOUNT = keyOfSetter();

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

function keyOfSetter(): symbol {
  let asked: symbol | undefined;
  const spy: Context = {
    getValue: () => undefined,
    setValue(key) {
      asked = key;
      return spy;
    },
    deleteValue: () => spy,
  };
  withAccount(spy, { peer: undefined, sentMs: 0, takenUpMs: 0 });
  return asked ?? createContextKey('sonde.ipc.unknown');
}

/** What a slot says of the trace of a message. */
export interface ReceivedTrace {
  /** Whether it had one: there may be baggage alone. */
  readonly hasTrace: boolean;
  /** Six words: trace id, span id. */
  readonly ids: Int32Array;
  readonly flags: number;
  /** tracestate, baggage and ports, or empty. */
  readonly text: string;
  /** When it was sent, by the sender's clock; undefined when this thread's clock has refused it. */
  readonly sent: HybridTimestamp | undefined;
}

/**
 * The context that a message has brought. A context of the API would cost a map, a span and two strings a message;
 * most messages are handled without anybody asking for them, so they are made when they are asked for.
 */
export class MessageContext implements Context, Account {
  readonly peer: unknown;
  readonly sentMs: number;
  readonly takenUpMs: number;
  readonly #trace: ReceivedTrace;
  #span: Span | undefined;
  #baggage: Baggage | undefined | null = null;

  constructor(received: ReceivedTrace, account: Account) {
    this.#trace = received;
    this.peer = account.peer;
    this.sentMs = account.sentMs;
    this.takenUpMs = account.takenUpMs;
  }

  getValue(key: symbol): unknown {
    if (key === SPAN) return this.#trace.hasTrace ? this.#spanOf() : undefined;
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
    const { hasTrace } = this.#trace;
    const plain = withAccount(hasTrace ? trace.setSpan(ROOT_CONTEXT, this.#spanOf()) : ROOT_CONTEXT, this);
    const baggage = this.#baggageOf();
    return baggage === undefined ? plain : propagation.setBaggage(plain, baggage);
  }

  #spanOf(): Span {
    if (this.#span !== undefined) return this.#span;
    const span = trace.wrapSpanContext(this.#spanContext());
    this.#span = span;
    if (this.#trace.sent !== undefined) rememberSent(this, this.#trace.sent);
    return span;
  }

  #spanContext(): SpanContext {
    const { ids, flags, text } = this.#trace;
    const digits = Array.from(ids, hexOf).join('');
    const state = text.slice(0, Math.max(0, text.indexOf(SEPARATOR)));
    return {
      traceId: digits.slice(0, 32),
      spanId: digits.slice(32),
      traceFlags: flags,
      isRemote: true,
      ...(state === '' ? {} : { traceState: createTraceState(state) }),
    };
  }

  #baggageOf(): Baggage | undefined {
    if (this.#baggage !== null) return this.#baggage;
    const [, line = ''] = this.#trace.text.split(SEPARATOR);
    this.#baggage = guard('ipc.baggage', () => readBaggage(line), undefined);
    return this.#baggage;
  }
}
