import { type Context, propagation, trace } from '@opentelemetry/api';
import { eventStream } from '@sonde/event-stream';
import { type Carrier, writeCarrier } from '@sonde/instrumentation-kit';
import { type Account, accountFor } from '../account.ts';
import { writeBaggage } from '../threads/baggage-text.ts';
import { MessageContext, PASSED_ON } from './message-context.ts';
import { toMonotonic } from './monotonic.ts';
import { hasOtherPropagators } from './propagators.ts';

/*
 * The envelope of a message. All that comes with it stands in one string, the command, since each further property of
 * the envelope costs as much as three of the message:
 *
 *   NODE_SONDE_MSG_1 <trace id, 32> <span id, 16> <flags, 2> <numbers> [line feed <tracestate> line feed <baggage>]
 *
 * without the spaces. The ids are zeros without a trace. The numbers, each ended by a comma: both words of the sender's
 * hybrid logical timestamp, when it was sent in microseconds of the clock that the processes of a host share, and, in an
 * answer, when what it answers was sent and taken up.
 */
export const ENVELOPE = 'NODE_SONDE_MSG_1';
const IDS_LENGTH = 50;
const NO_IDS: string = '0'.repeat(IDS_LENGTH);
const TRACE_ID_LENGTH = 32;
const SPAN_ID_LENGTH = 16;
const NUMBERS_AT: number = ENVELOPE.length + IDS_LENGTH;
/** What W3C Baggage and Trace Context allow to be carried, with room to spare; longer ones are not written. */
const MAX_TEXT = 16_384;
const LINE_FEED = 10;
const COMMA = 44;
const MINUS = 45;
const ZERO = 48;

/** A message of the user with what came with it. */
export interface Envelope {
  readonly cmd: string;
  /** What propagators write that are neither W3C Trace Context nor W3C Baggage. */
  readonly c?: Carrier;
  /**
   * The message, under the very key that `JSON.stringify` would give to its `toJSON` if it were not in an envelope.
   * Last, so that a getter of the message runs after everything of ours.
   */
  readonly '': unknown;
}

function idsOf(active: Context): string {
  const spanContext = trace.getSpanContext(active);
  if (spanContext === undefined) return NO_IDS;
  const { traceId, spanId, traceFlags, isRemote } = spanContext;
  if (traceId.length !== TRACE_ID_LENGTH || spanId.length !== SPAN_ID_LENGTH) return NO_IDS;
  const flags = (traceFlags & 0x7f) | (isRemote === true ? PASSED_ON : 0);
  return `${traceId}${spanId}${flags < 16 ? '0' : ''}${flags.toString(16)}`;
}

function textOf(active: Context): string {
  const state = trace.getSpanContext(active)?.traceState?.serialize() ?? '';
  const baggage = propagation.getBaggage(active);
  if (state === '' && baggage === undefined) return '';
  const text = `\n${state.replaceAll('\n', '')}\n${baggage === undefined ? '' : writeBaggage(baggage)}`;
  return text.length <= MAX_TEXT ? text : '';
}

function accountOf({ sentMs, takenUpMs }: Account): string {
  return `${toMonotonic(sentMs)},${toMonotonic(takenUpMs)},`;
}

/** Puts a message into an envelope. */
export function enclose(message: unknown, active: Context, nowMs: number, peer: object): Envelope {
  const { high, low } = eventStream().clock.send(nowMs);
  const account = accountFor(active, peer);
  const answer = account === undefined || Number.isNaN(account.sentMs) ? '' : accountOf(account);
  const cmd = `${ENVELOPE}${idsOf(active)}${high},${low},${toMonotonic(nowMs)},${answer}${textOf(active)}`;
  return hasOtherPropagators() ? { cmd, c: writeCarrier(active), '': message } : { cmd, '': message };
}

/** Whether a message that arrived is an envelope. */
export function isEnvelope(message: unknown): message is Envelope {
  if (typeof message !== 'object' || message === null) return false;
  const { cmd } = message as { readonly cmd?: unknown };
  return typeof cmd === 'string' && cmd.startsWith(ENVELOPE);
}

let readAt = 0;

/** Reads one number from `readAt` on; NaN where there is none. */
function readNumber(text: string): number {
  let value = 0;
  let at = readAt;
  const isNegative = text.charCodeAt(at) === MINUS;
  if (isNegative) at += 1;
  const first = at;
  for (let code = text.charCodeAt(at); code !== COMMA; code = text.charCodeAt(at)) {
    const digit = code - ZERO;
    // Also at the end of the text, where the code is NaN.
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
    at += 1;
  }
  if (at === first) return Number.NaN;
  readAt = at + 1;
  return isNegative ? -value : value;
}

/**
 * What came with a message. Safe for whatever the other side may have sent.
 * @param peer what stands for the other side in the account of the message
 */
export function opened({ cmd, c }: Envelope, peer: object, nowMs: number): MessageContext {
  readAt = NUMBERS_AT;
  const timestamp = { high: readNumber(cmd), low: readNumber(cmd) };
  const sent = readNumber(cmd);
  const isAnswer = cmd.length > readAt && cmd.charCodeAt(readAt) !== LINE_FEED;
  const answeredSent = isAnswer ? readNumber(cmd) : Number.NaN;
  const answeredTaken = isAnswer ? readNumber(cmd) : Number.NaN;
  return new MessageContext({
    peer,
    ids: cmd.slice(ENVELOPE.length, NUMBERS_AT),
    text: cmd.length > readAt ? cmd.slice(readAt) : '',
    carrier: c,
    timestamp: eventStream().clock.receive(timestamp, nowMs) ? timestamp : undefined,
    sent,
    answeredSent,
    answeredTaken,
  });
}
