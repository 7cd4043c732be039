import { type Context, context, type Span, TraceFlags, trace } from '@opentelemetry/api';
import { type Carrier, readCarrier, writeCarrier } from '@sonde/instrumentation-kit';
import type { Channel, Received } from '../channels.ts';
import { commonMs, localMs } from './clock.ts';
import { messageBytes } from './message-size.ts';

/** How a message travels between two ends that have both asked for it. */
interface Envelope {
  readonly 'sonde.ipc.envelope.1': Carrier;
  /** On the clock of all threads. */
  readonly sentMs: number;
  readonly message: unknown;
}

const KEY = 'sonde.ipc.envelope.1';
const now = performance.now.bind(performance);

function isEnvelope(value: unknown): value is Envelope {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, KEY) && Object.hasOwn(value, 'message');
}

/** Sends a message in an envelope, by a function that is given it. */
export function sendEnvelope<T>(channel: Channel | undefined, message: unknown, post: (envelope: Envelope) => T): T {
  const startMs = now();
  const active = context.active();
  const span: Span | undefined = channel?.startSend(active);
  const carrier = writeCarrier(span === undefined ? active : trace.setSpan(active, span));
  let result: T;
  try {
    result = post({ [KEY]: carrier, sentMs: commonMs(startMs), message });
  } catch (error) {
    channel?.sendFailed(startMs, error, span);
    throw error;
  }
  channel?.sent(startMs, messageBytes(message), span);
  return result;
}

/** What an envelope held, and what it says of it. */
export interface Opened {
  readonly message: unknown;
  readonly received: Received;
}

function isSampled(active: Context): boolean {
  const spanContext = trace.getSpanContext(active);
  return spanContext !== undefined && (spanContext.traceFlags & TraceFlags.SAMPLED) !== 0;
}

/** Opens what has arrived; a message of an end that has not asked for envelopes is what it is, and of no known context. */
export function openEnvelope(value: unknown): Opened {
  const takenUpMs = now();
  if (!isEnvelope(value)) {
    const received = {
      context: undefined,
      isSampled: false,
      sentMs: Number.NaN,
      takenUpMs,
      bytes: messageBytes(value),
    };
    return { message: value, received };
  }
  const active = readCarrier(value[KEY]);
  const { message, sentMs } = value;
  const received = {
    context: active,
    isSampled: isSampled(active),
    sentMs: typeof sentMs === 'number' ? localMs(sentMs) : Number.NaN,
    takenUpMs,
    bytes: messageBytes(message),
  };
  return { message, received };
}
