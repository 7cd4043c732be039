import {
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type TextMapGetter,
  type TextMapSetter,
  trace,
} from '@opentelemetry/api';
import {
  eventStream,
  formatTimestamp,
  type HybridClock,
  type HybridTimestamp,
  parseTimestamp,
} from '@sonde/event-stream';
import { guard } from './guard.ts';
import { rememberSent } from './sent-timestamp.ts';

/** Longest value read: what W3C Baggage allows a header to be. */
const MAX_LENGTH = 8192;
/** Keys told to a propagator that asks for all of them; `baggage`, b3 and the like need far fewer. */
const MAX_KEYS = 64;
/** What stands for a timestamp that is none, so that the clock refuses it and counts it among the others. */
const MALFORMED: HybridTimestamp = { high: Number.NaN, low: Number.NaN };

/**
 * What a message carries in text form from one thread or process to another: the headers of the global propagator and
 * the sender's hybrid logical timestamp. Strings only, so that it survives JSON, structured cloning and environments.
 */
export interface Carrier {
  traceparent?: string;
  tracestate?: string;
  baggage?: string;
  /** 16 hex digits; there even without a trace. */
  hlc?: string;
  /** There when the sender has itself received the trace context: the span is then not one of the sender's thread. */
  relayed?: string;
  /** What other propagators write, e.g. `b3`. */
  [header: string]: string | undefined;
}

const SETTER: TextMapSetter<Carrier> = {
  set(carrier, key, value) {
    if (typeof value === 'string') carrier[key] = value;
  },
};

/** Own strings of bounded length; anything else is not there. May throw what a getter of the carrier throws. */
const GETTER: TextMapGetter<object> = {
  get(carrier, key) {
    const value = Object.hasOwn(carrier, key) ? (carrier as Readonly<Record<string, unknown>>)[key] : undefined;
    return typeof value === 'string' && value.length <= MAX_LENGTH ? value : undefined;
  },
  keys: (carrier) => Object.keys(carrier).slice(0, MAX_KEYS),
};

function inject(active: Context, carrier: Carrier): void {
  propagation.inject(active, carrier, SETTER);
  if (trace.getSpanContext(active)?.isRemote === true) carrier.relayed = '1';
}

/**
 * What a message that is sent now has to carry: the trace context, baggage and whatever else the global propagator
 * writes of the given context (default: the active one), and a new timestamp of this thread's clock. Without a trace
 * the timestamp alone. Under a microsecond with the W3C propagators. Never throws.
 */
export function writeCarrier(active: Context = context.active()): Carrier {
  const carrier: Carrier = {};
  guard('kit.carrier.write', () => inject(active, carrier), undefined);
  carrier.hlc = formatTimestamp(eventStream().clock.send());
  return carrier;
}

/**
 * Takes in what `formatTimestamp` wrote elsewhere: what this thread emits from now on is ordered after it.
 * @returns the timestamp; undefined, with nothing changed but the clock's count of refusals, for anything malformed or
 * too far ahead
 */
export function receiveTimestamp(
  timestamp: unknown,
  clock: HybridClock = eventStream().clock,
): HybridTimestamp | undefined {
  const parsed = (typeof timestamp === 'string' ? parseTimestamp(timestamp) : undefined) ?? MALFORMED;
  return clock.receive(parsed) ? parsed : undefined;
}

function read(carrier: object): Context {
  const timestamp = Object.hasOwn(carrier, 'hlc') ? (carrier as { readonly hlc?: unknown }).hlc : undefined;
  const sent = timestamp === undefined ? undefined : receiveTimestamp(timestamp);
  const received = propagation.extract(ROOT_CONTEXT, carrier, GETTER);
  if (sent !== undefined && !Object.hasOwn(carrier, 'relayed')) rememberSent(received, sent);
  return received;
}

/**
 * The context that a received carrier stands for; its timestamp goes to this thread's clock. Safe for anything that
 * somebody else may have sent: what is no string, too long or inherited is ignored, a timestamp too far ahead refused.
 * @returns the root context when there is nothing to be read. Never throws.
 */
export function readCarrier(carrier: unknown): Context {
  if (typeof carrier !== 'object' || carrier === null) return ROOT_CONTEXT;
  return guard('kit.carrier.read', () => read(carrier), ROOT_CONTEXT);
}
