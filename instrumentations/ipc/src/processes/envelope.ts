import { type Context, INVALID_TRACEID, propagation, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';
import { eventStream } from '@sonde/event-stream';
import { type Carrier, writeCarrier } from '@sonde/instrumentation-kit';
import { type Account, accountIn, type Peer, settleAccount } from '../account.ts';
import { writeBaggage } from '../threads/baggage-text.ts';
import { writeHex } from '../threads/hex-words.ts';
import { StartContext } from '../threads/start-context.ts';
import { MAX_FLAGS, MessageContext, PASSED_ON } from './message-context.ts';
import { fromMonotonic, toMonotonic } from './monotonic.ts';
import { hasOtherPropagators } from './propagators.ts';
import { readStamp, STAMP_LENGTH, writeStamp } from './stamp.ts';

/*
 * The envelope of a message: an object of as few properties as possible, since each costs more than what is in it. What
 * came with the message stands in one string, the command, all but the end of which stays the same from one message of a
 * request to the next:
 *
 *   NODE_SONDE_MSG_1 <trace id, 32> <span id, 16> <flags, 2> [line feed <tracestate> line feed <baggage>] <stamp, 21>
 *
 * without the spaces, and zeros where there is no trace.
 */
export const ENVELOPE = 'NODE_SONDE_MSG_1';
const IDS_LENGTH = 50;
const NO_IDS: string = '0'.repeat(IDS_LENGTH);
const TRACE_ID_LENGTH = 32;
const TRACE_ID_WORDS = 4;
const SPAN_ID_LENGTH = 16;
const TEXT_AT: number = ENVELOPE.length + IDS_LENGTH;
/** What W3C Baggage and Trace Context allow to be carried, with room to spare; longer ones are not written. */
const MAX_TEXT = 16_384;

/** A message of the user with what came with it. */
export interface Envelope {
  readonly cmd: string;
  /** In an answer: when what it answers was sent and taken up; NaN where that is not told. */
  a?: readonly [number, number];
  /** What propagators write that are neither W3C Trace Context nor W3C Baggage. */
  c?: Carrier;
  /**
   * The message, under the very key that `JSON.stringify` would give to its `toJSON` if it were not in an envelope.
   */
  readonly '': unknown;
}

/** What an envelope says of a context, kept while it is the one that messages are sent in. */
interface Described {
  readonly active: Context;
  /** The command up to the stamp. */
  readonly cmd: string;
  readonly account: Account | undefined;
  /** Whether baggage or tracestate were too long and stay behind. */
  readonly isShortened: boolean;
}

let last: Described | undefined;
const FORGET_MS = 1000;
let isForgetting = false;

/** The context that was described last is not to live on for that. */
function forgetSoon(): void {
  if (isForgetting) return;
  isForgetting = true;
  setTimeout(() => {
    isForgetting = false;
    last = undefined;
  }, FORGET_MS).unref();
}

const words = new Int32Array(TRACE_ID_WORDS);

/** The words of a trace id, valid until the next call; undefined for what is none. */
export function wordsOf(traceId: string): Int32Array | undefined {
  return traceId !== INVALID_TRACEID && writeHex(traceId, words, 0, TRACE_ID_WORDS) ? words : undefined;
}

/** What an envelope answers. */
function answeredBy({ account, cmd }: Described, peer: Peer): Account | undefined {
  const isKnown = account?.peer === peer || peer.takenUp.isEmpty;
  const traceId = isKnown ? undefined : wordsOf(cmd.slice(ENVELOPE.length, ENVELOPE.length + TRACE_ID_LENGTH));
  return settleAccount(account, peer, traceId, 0);
}

function idsOf(spanContext: SpanContext | undefined): string {
  if (spanContext === undefined) return NO_IDS;
  const { traceId, spanId, traceFlags, isRemote } = spanContext;
  if (traceId.length !== TRACE_ID_LENGTH || spanId.length !== SPAN_ID_LENGTH) return NO_IDS;
  const flags = (traceFlags & MAX_FLAGS) | (isRemote === true ? PASSED_ON : 0);
  return `${traceId}${spanId}${flags < 16 ? '0' : ''}${flags.toString(16)}`;
}

function textOf(spanContext: SpanContext | undefined, active: Context): string {
  const state = spanContext?.traceState?.serialize() ?? '';
  const baggage = propagation.getBaggage(active);
  if (state === '' && baggage === undefined) return '';
  return `\n${state.replaceAll('\n', '')}\n${baggage === undefined ? '' : writeBaggage(baggage)}`;
}

/** What is too long stays behind: the baggage, else the tracestate as well. */
function shorten(text: string): string {
  const state = text.slice(0, text.lastIndexOf('\n') + 1);
  return state.length <= MAX_TEXT ? state : '';
}

function describe(active: Context): Described {
  const spanContext = trace.getSpanContext(active);
  const text = textOf(spanContext, active);
  const isShortened = text.length > MAX_TEXT;
  if (active !== ROOT_CONTEXT) forgetSoon();
  const cmd = ENVELOPE + idsOf(spanContext) + (isShortened ? shorten(text) : text);
  return { active, cmd, account: accountIn(active), isShortened };
}

/** Whether the envelope that was made last lacks baggage or tracestate. */
export function isShortened(): boolean {
  return last?.isShortened === true;
}

/** Puts a message into an envelope. */
export function enclose(message: unknown, active: Context, nowMs: number, peer: Peer): Envelope {
  // A start context says something else once it is over.
  if (last?.active !== active || active instanceof StartContext) last = describe(active);
  const { high, low } = eventStream().clock.send(nowMs);
  const cmd = last.cmd + writeStamp(high, low, toMonotonic(nowMs));
  const envelope: Envelope = { cmd, '': message };
  const account = answeredBy(last, peer);
  if (account !== undefined) envelope.a = [toMonotonic(account.sentMs), toMonotonic(account.takenUpMs)];
  if (hasOtherPropagators()) envelope.c = writeCarrier(active);
  return envelope;
}

/** Whether a message that arrived is an envelope. */
export function isEnvelope(message: unknown): message is Envelope {
  if (typeof message !== 'object' || message === null) return false;
  const { cmd } = message as { readonly cmd?: unknown };
  return typeof cmd === 'string' && cmd.startsWith(ENVELOPE);
}

/**
 * What came with a message. Safe for whatever the other side may have sent.
 * @param peer what stands for the other side in the account of the message
 */
export function open({ cmd, a, c }: Envelope, peer: Peer, nowMs: number): MessageContext {
  const timestamp = { high: Number.NaN, low: Number.NaN, micros: Number.NaN };
  const isStamped = cmd.length >= TEXT_AT + STAMP_LENGTH && readStamp(cmd, timestamp);
  const accepted = eventStream().clock.receive(timestamp, nowMs) ? timestamp : undefined;
  const sentMs = isStamped ? fromMonotonic(timestamp.micros, nowMs) : Number.NaN;
  const opened = new MessageContext(peer, sentMs, accepted);
  opened.ids = cmd.slice(ENVELOPE.length, TEXT_AT);
  const textEnd = cmd.length - STAMP_LENGTH;
  if (textEnd > TEXT_AT) opened.text = cmd.slice(TEXT_AT, textEnd);
  if (c !== undefined) opened.carrier = c;
  if (Array.isArray(a)) {
    opened.hasAccount = true;
    opened.answeredSentMs = fromMonotonic(a[0], nowMs);
    opened.answeredTakenMs = fromMonotonic(a[1], nowMs);
  }
  return opened;
}
