import { type Context, context, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { type AnyFunction, guard } from '@sonde/instrumentation-kit';
import { noteAnswer, type Peer, withAccount } from '../account.ts';
import { markAnswer } from '../answers.ts';
import type { Channel } from '../channels.ts';
import { enterNatively } from '../native-entry.ts';
import { NOWHERE } from '../taken-up.ts';
import { AnnouncedContext, type Given, Mark } from './announced-context.ts';
import { TRACE_ID_AT } from './command.ts';
import { type Envelope, open, traceWords } from './envelope.ts';
import { type LinkEnd, pendingMessages } from './link-end.ts';
import { MessageContext } from './message-context.ts';
import { announcement, isAcknowledgement, isInternal, type Talk } from './wire.ts';

export interface InboxConfig {
  readonly end: LinkEnd;
  readonly channel: Channel;
  /** What stands for the other side in the account of a message. */
  readonly peer: Peer;
  /** Told of each message. */
  readonly onMessage: (() => void) | undefined;
}

const now = performance.now.bind(performance);
/** Of a message that came bare. */
const UNKNOWN = { isSampled: false, sentMs: Number.NaN, bytes: 0 };

/** Receives: opens envelopes, and runs the handlers of each message in the context that came with it. */
export class Inbox {
  /** Contexts announced by the other side. */
  #heard = 0;
  readonly #config: InboxConfig;
  readonly #announced: AnnouncedContext;
  /** What the message that is being emitted came with. */
  #next: Given | undefined;
  /** What the user sent that Node takes for its own, while it is emitted. */
  #passing: unknown;
  readonly #onMessage: (() => void) | undefined;

  constructor(config: InboxConfig) {
    this.#config = config;
    this.#onMessage = config.onMessage;
    this.#announced = new AnnouncedContext(config.end, () => config.channel.missed('desync', 1));
  }

  /** The other side announces the context of its next message. */
  announced(said: Talk): void {
    this.#heard += 1;
    this.#announced.announce(announcement(said));
  }

  /** That message is not coming. */
  cancelled(): void {
    this.#announced.forget();
  }

  /** The other side has announced that many contexts in all: those not heard came before anybody listened. */
  told(count: unknown): void {
    const missed = typeof count === 'number' ? count - this.#heard : 0;
    if (missed > 0) this.#config.channel.missed('peer', missed);
    this.#heard = 0;
  }

  /** Something else than a message is about to be emitted. */
  passed(message: unknown): void {
    if (this.#announced.isWaiting && !isAcknowledgement(message)) this.#announced.cancel();
  }

  /** Messages that were put aside are about to be emitted. */
  listenerComes(): void {
    this.#announced.settle();
  }

  /**
   * Emits what an envelope holds, as Node would have emitted it without one.
   * @param args those with which the envelope is emitted
   * @param emit the original `emit`; ours would mistake what the user made to look like one of our messages
   * @param isTop whether no other `emit` was laid over ours, which would have to see the message as well
   */
  open(envelope: Envelope, args: unknown[], emit: AnyFunction, isTop: boolean): void {
    const { end, channel, peer } = this.#config;
    // What `toJSON` made nothing of; Node would have thrown a SyntaxError here.
    const message = envelope[''];
    if (message === undefined && !Object.hasOwn(envelope, '')) {
      channel.receiveFailed(new SyntaxError('no message'));
      return;
    }
    const handle = args[2];
    if (isInternal(message)) {
      this.#pass(emit, message, handle);
      return;
    }
    const takenUpMs = now();
    const given = open(envelope, peer, takenUpMs);
    if (end.listenerCount('message') === 0) {
      pendingMessages(end)?.push(['message', message, handle, new Mark(given)]);
      return;
    }
    if (isTop) {
      args[0] = 'message';
      args[1] = message;
      this.#enteredIn(given, takenUpMs, emit, args);
      return;
    }
    this.#next = given;
    try {
      end.emit('message', message, handle);
    } finally {
      this.#next = undefined;
    }
  }

  /** The same where nothing is observed any more: no context, only the message. */
  openBare(envelope: Envelope, handle: unknown): void {
    const { end } = this.#config;
    if (!Object.hasOwn(envelope, '')) return;
    const message = envelope[''];
    if (isInternal(message)) this.#pass(end.emit, message, handle);
    else if (end.listenerCount('message') > 0) end.emit('message', message, handle);
    else pendingMessages(end)?.push(['message', message, handle]);
  }

  /** Whether this is what the user sent and Node takes for its own: no matter what it looks like, it is not for us. */
  isPassing(message: unknown): boolean {
    return this.#passing !== undefined && message === this.#passing;
  }

  #pass(emit: AnyFunction, message: unknown, handle: unknown): void {
    const before = this.#passing;
    this.#passing = message;
    try {
      Reflect.apply(emit, this.#config.end, ['internalMessage', message, handle]);
    } finally {
      this.#passing = before;
    }
  }

  /**
   * A 'message' is about to be emitted: does it, in the context of the message where that is known.
   * @param args those of `emit`
   * @param isTelling whether the other side tells the contexts of its messages: without one, it had none
   */
  message(emit: AnyFunction, args: unknown[], isTelling: boolean): unknown {
    const { end, channel, peer } = this.#config;
    const given = guard('ipc.process-link', () => this.#contextOf(args), undefined);
    const takenUpMs = now();
    if (given === undefined) {
      this.#onMessage?.();
      const sender = isTelling ? ROOT_CONTEXT : undefined;
      return channel.process({ ...UNKNOWN, context: sender, takenUpMs }, emit, end, args);
    }
    if (given instanceof MessageContext) return this.#enveloped(given, takenUpMs, emit, args);
    const { context: sender, sentMs } = given;
    this.#onMessage?.();
    const traceId = trace.getSpanContext(sender)?.traceId ?? '';
    const active = withAccount(sender, {
      peer,
      sentMs,
      takenUpMs,
      place: placeOf(traceWords(traceId, 0), peer, sentMs, takenUpMs),
    });
    const received = { context: active, isSampled: isSampled(sender), sentMs, takenUpMs, bytes: 0 };
    return channel.process(received, emit, end, args);
  }

  #enveloped(given: MessageContext, takenUpMs: number, emit: AnyFunction, args: readonly unknown[]): unknown {
    this.#takeUp(given, takenUpMs);
    return this.#config.channel.process(given, emit, this.#config.end, args);
  }

  /** The same from a tick of Node's that holds nothing else: it ends with the handlers. */
  #enteredIn(given: MessageContext, takenUpMs: number, emit: AnyFunction, args: readonly unknown[]): void {
    const { channel, end } = this.#config;
    this.#takeUp(given, takenUpMs);
    if (!channel.receivedQuickly(given)) {
      channel.process(given, emit, end, args);
      return;
    }
    if (given.isAnswer) markAnswer(given, given.peer);
    if (enterNatively(given)) emit.call(end, 'message', args[1], args[2]);
    else context.with(given, () => emit.call(end, 'message', args[1], args[2]));
  }

  #takeUp(given: MessageContext, takenUpMs: number): void {
    given.takenUpMs = takenUpMs;
    if (given.hasAccount) noteAnswer(given, given.answeredSentMs, given.answeredTakenMs, takenUpMs);
    else given.place = placeOf(traceWords(given.cmd, TRACE_ID_AT), given.peer, given.sentMs, takenUpMs);
    this.#onMessage?.();
  }

  /** Takes our marks off what is put aside: they mean nothing to the original `emit`. */
  stop(): void {
    for (const pending of pendingMessages(this.#config.end) ?? []) if (pending[3] instanceof Mark) pending.length = 3;
  }

  #contextOf(args: unknown[]): Given | undefined {
    const mark = args[3];
    if (mark instanceof Mark) {
      args.length = 3;
      this.#announced.passed();
      return mark.given;
    }
    const next = this.#next;
    this.#next = undefined;
    if (next !== undefined) return next;
    return this.#announced.isWaiting ? this.#announced.take(args[1]) : undefined;
  }
}

/** Its place among what was taken up from the peer, where it has a trace. */
function placeOf(ids: Int32Array | undefined, peer: Peer, sentMs: number, takenUpMs: number): number {
  if (ids === undefined) return NOWHERE;
  const { 0: trace0 = 0, 1: trace1 = 0, 2: trace2 = 0, 3: trace3 = 0 } = ids;
  return peer.takenUp.add({ trace0, trace1, trace2, trace3 }, sentMs, takenUpMs);
}

function isSampled(active: Context): boolean {
  const spanContext = trace.getSpanContext(active);
  return spanContext !== undefined && (spanContext.traceFlags & TraceFlags.SAMPLED) !== 0;
}
