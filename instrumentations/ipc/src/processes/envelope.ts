import { type Context, propagation, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';
import { eventStream, type HybridClock } from '@sonde/event-stream';
import { type Carrier, writeCarrier } from '@sonde/instrumentation-kit';
import { type Account, accountIn, type Peer, settleAccount } from '../account.ts';
import { writeBaggage } from '../threads/baggage-text.ts';
import { writeHex } from '../threads/hex-words.ts';
import { StartContext } from '../threads/start-context.ts';
import {
  ACCOUNT_AT,
  ACCOUNT_MARK,
  ENVELOPE,
  flagsText,
  MAX_FLAGS,
  MIN_LENGTH,
  NO_HEAD,
  PASSED_ON,
  SPAN_ID_LENGTH,
  TRACE_ID_AT,
  TRACE_ID_LENGTH,
} from './command.ts';
import { MessageContext } from './message-context.ts';
import { fromMonotonic, toMonotonic } from './monotonic.ts';
import { hasOtherPropagators } from './propagators.ts';
import { MICROS_LENGTH, readMicros, readStamp, withStamp, writeMicros } from './stamp.ts';

/** What W3C Baggage and Trace Context allow to be carried, with room to spare; longer ones are not written. */
const MAX_TEXT = 16_384;
const TRACE_ID_WORDS = 4;

/** A message of the user with what came with it. */
export interface Envelope {
  /** See command.ts. */
  readonly cmd: string;
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
  /** The command up to the flags. */
  readonly head: string;
  /** tracestate and baggage as the command says them, or empty. */
  readonly text: string;
  readonly account: Account | undefined;
  /** Whether baggage or tracestate were too long and stay behind. */
  readonly isShortened: boolean;
}

let known: HybridClock | undefined;

/** That of this thread; it is looked up once. */
function clock(): HybridClock {
  known ??= eventStream().clock;
  return known;
}

let last: Described | undefined;
let hasAnswered = false;
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

function hasBits(ids: Int32Array): boolean {
  let bits = 0;
  for (let word = 0; word < TRACE_ID_WORDS; word++) bits |= ids[word] as number;
  return bits !== 0;
}

/** The words of the trace id that begins somewhere in a text, valid until the next call; undefined where there is none. */
export function traceWords(text: string, from: number): Int32Array | undefined {
  const isTrace = writeHex(text, words, from) && hasBits(words);
  return isTrace ? words : undefined;
}

/** What an envelope answers. */
function answeredBy({ account, head }: Described, peer: Peer): Account | undefined {
  const isKnown = account?.peer === peer || peer.takenUp.isEmpty;
  return settleAccount(account, peer, isKnown ? undefined : traceWords(head, TRACE_ID_AT), 0);
}

function headOf(spanContext: SpanContext | undefined): string {
  if (spanContext === undefined) return NO_HEAD;
  const { traceId, spanId, traceFlags, isRemote } = spanContext;
  if (traceId.length !== TRACE_ID_LENGTH || spanId.length !== SPAN_ID_LENGTH) return NO_HEAD;
  return ENVELOPE + traceId + spanId + flagsText((traceFlags & MAX_FLAGS) | (isRemote === true ? PASSED_ON : 0));
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
  // What has come with a message goes on as it came.
  const isGiven = active instanceof MessageContext;
  const spanContext = isGiven ? undefined : trace.getSpanContext(active);
  const head = isGiven ? active.headToPassOn : headOf(spanContext);
  const text = isGiven ? active.text : textOf(spanContext, active);
  const isShortened = text.length > MAX_TEXT;
  if (active !== ROOT_CONTEXT) forgetSoon();
  return { active, head, text: isShortened ? shorten(text) : text, account: accountIn(active), isShortened };
}

/** Whether the envelope that was made last lacks baggage or tracestate. */
export function isShortened(): boolean {
  return last?.isShortened === true;
}

/** Whether the envelope that was made last answers something. */
export function isAnswer(): boolean {
  return hasAnswered;
}

/** Puts a message into an envelope. */
export function enclose(message: unknown, active: Context, nowMs: number, peer: Peer): Envelope {
  // A start context says something else once it is over.
  if (last?.active !== active || active instanceof StartContext) last = describe(active);
  const timestamp = clock().send(nowMs);
  const account = answeredBy(last, peer);
  hasAnswered = account !== undefined;
  const head = account === undefined ? last.head : last.head + textOfAccount(account);
  const envelope: Envelope = { cmd: withStamp(head + last.text, timestamp, toMonotonic(nowMs)), '': message };
  if (hasOtherPropagators()) envelope.c = writeCarrier(active);
  return envelope;
}

function textOfAccount({ sentMs, takenUpMs }: Account): string {
  return ACCOUNT_MARK + writeMicros(toMonotonic(sentMs)) + writeMicros(toMonotonic(takenUpMs));
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
export function open({ cmd, c }: Envelope, peer: Peer, nowMs: number): MessageContext {
  const timestamp = { high: Number.NaN, low: Number.NaN, micros: Number.NaN };
  const isStamped = cmd.length >= MIN_LENGTH && readStamp(cmd, timestamp);
  const accepted = clock().receive(timestamp, nowMs) ? timestamp : undefined;
  const sentMs = isStamped ? fromMonotonic(timestamp.micros, nowMs) : Number.NaN;
  const opened = new MessageContext(cmd, peer, sentMs, accepted);
  if (c !== undefined) opened.carrier = c;
  if (opened.hasAccount) {
    opened.answeredSentMs = fromMonotonic(readMicros(cmd, ACCOUNT_AT), nowMs);
    opened.answeredTakenMs = fromMonotonic(readMicros(cmd, ACCOUNT_AT + MICROS_LENGTH), nowMs);
  }
  return opened;
}
