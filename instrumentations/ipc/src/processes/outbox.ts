import { type Context, context, INVALID_TRACEID, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api';
import { type AnyFunction, guard, impersonate, isContextSuppressed, reportFailure } from '@sonde/instrumentation-kit';
import type { Peer } from '../account.ts';
import { isAnswerOf } from '../answers.ts';
import type { Channel } from '../channels.ts';
import { type Envelope, enclose, isAnswer, isShortened } from './envelope.ts';
import type { LinkEnd } from './link-end.ts';
import { MessageContext } from './message-context.ts';
import { isNotForUsers, isSendable, type Saying, type Talk, talk, talkOfContext } from './wire.ts';

/** Contexts announced by messages of their own, each as dear as a message, before it is known who the other side is. */
const MAX_ANNOUNCED = 64;
/** Node's `send` is not to emit 'error' for what we say of our own accord. */
const QUIET = { swallowErrors: true };
const CLOSED = { code: 'ERR_IPC_CHANNEL_CLOSED' };

const now = performance.now.bind(performance);

export interface OutboxConfig {
  readonly end: LinkEnd;
  readonly channel: Channel;
  /** What stands for the other side in the account of a message. */
  readonly peer: Peer;
  /** Whether the other side is likely to understand: it may be told something before it spoke. */
  readonly mayAnnounce: boolean;
  /** Which both ends know, and nobody else. */
  readonly key: string;
}

function hasTrace(active: Context): boolean {
  try {
    const spanContext = trace.getSpanContext(active);
    return spanContext !== undefined && spanContext.traceId !== INVALID_TRACEID;
  } catch {
    return false;
  }
}

function isForUsers(message: unknown): boolean {
  try {
    return !isNotForUsers(message);
  } catch {
    // A proxy that throws; Node will meet it as well.
    return true;
  }
}

/** The active context; undefined where nothing is to be observed. */
function senderContext(): Context | undefined {
  try {
    const active = context.active();
    // What an exporter sends is nobody's trace. A context that came with a message says nothing of that.
    const isObserved = active instanceof MessageContext || !isContextSuppressed(active);
    return isObserved ? active : undefined;
  } catch {
    // Somebody's own context manager.
    return undefined;
  }
}

/** Sends: bare, bare with the context announced ahead, or in envelopes. */
export class Outbox {
  readonly #config: OutboxConfig;
  readonly #original: AnyFunction;
  readonly #wrapper: AnyFunction;
  #isActive = true;
  #mode: 'bare' | 'announcing' | 'envelopes';
  #announced = 0;
  /** A context was announced whose message is just being sent. */
  #isAnnouncing = false;
  /** What is just being sent answers something. */
  #isAnswering = false;

  constructor(config: OutboxConfig) {
    const { end, mayAnnounce } = config;
    this.#config = config;
    this.#mode = mayAnnounce ? 'announcing' : 'bare';
    this.#original = end.send;
    this.#wrapper = this.#wrap(end.send);
    end.send = this.#wrapper;
  }

  /** Tells the other side something that only an instrumented one hears. */
  say(saying: Saying, told?: number): void {
    this.#say(talk(this.#config.key, saying, told));
  }

  #say(saying: Talk): void {
    const { end } = this.#config;
    if (!end.connected) return;
    guard('ipc.process-link', () => Reflect.apply(this.#original, end, [saying, undefined, QUIET]), undefined);
  }

  /** The other side opens envelopes. @returns how many contexts were announced to it */
  peerOpens(): number {
    const announced = this.#announced;
    this.#announced = 0;
    this.#mode = 'envelopes';
    return announced;
  }

  /** The other side opens none, or none any more: it has not heard what was announced to it either. */
  peerOpensNone(): void {
    this.#mode = 'bare';
    if (this.#announced > 0) this.#config.channel.missed('peer', this.#announced);
    this.#announced = 0;
  }

  /** Whether it is still open who the other side is. */
  get isAnnouncing(): boolean {
    return this.#mode === 'announcing';
  }

  /** Puts the original `send` back, unless somebody has laid his own over ours. */
  stop(): void {
    const { end } = this.#config;
    this.#isActive = false;
    if (end.send === this.#wrapper) end.send = this.#original;
  }

  #wrap(original: AnyFunction): AnyFunction {
    const outbox = this;
    const { end } = this.#config;
    const send: AnyFunction = function (this: unknown, ...args: unknown[]): unknown {
      const active = outbox.#isActive && this === end && isForUsers(args[0]) ? senderContext() : undefined;
      return active === undefined ? Reflect.apply(original, this, args) : outbox.#send(args, active);
    };
    impersonate(send, original);
    return send;
  }

  #send(args: unknown[], caller: Context): unknown {
    const { channel, end, peer } = this.#config;
    const startMs = now();
    const active = this.#sender(caller);
    const span = this.#startSpan(active);
    const isOpen = end.connected;
    let result: unknown;
    try {
      result = this.#transmit(args, span === undefined ? active : trace.setSpan(active, span), startMs);
    } catch (error) {
      if (this.#isAnswering) peer.takenUp.takeBack();
      channel.sendFailed(startMs, error, span);
      throw error;
    }
    if (isOpen) channel.sent(startMs, 0, span);
    else channel.sendFailed(startMs, CLOSED, span);
    return result;
  }

  #startSpan(active: Context): Span | undefined {
    // The sender of a message is never recorded here: its span is in another process.
    if (active instanceof MessageContext) return undefined;
    try {
      return this.#config.channel.startSend(active);
    } catch (error) {
      // Somebody's own span.
      reportFailure('ipc.send', error);
      return undefined;
    }
  }

  /** In whose context something is sent. */
  #sender(active: Context): Context {
    const { channel, peer } = this.#config;
    if (!peer.isDown || !isAnswerOf(active, peer)) return active;
    channel.missed('answer', 1);
    return ROOT_CONTEXT;
  }

  #transmit(args: unknown[], active: Context, startMs: number): unknown {
    const { channel, end } = this.#config;
    // From a getter or `toJSON` of the message whose context was announced.
    if (this.#isAnnouncing) {
      this.#cancel();
      this.#config.channel.missed('desync', 1);
    }
    const message = args[0];
    this.#isAnswering = false;
    if (this.#mode === 'envelopes') {
      // What is none to Node must reach it as it is, to be refused.
      if (isSendable(message)) {
        args[0] = this.#enclosed(message, active, startMs);
        this.#isAnswering = isAnswer();
        if (isShortened()) channel.missed('size', 1);
      }
    } else if (end.connected && hasTrace(active)) {
      if (this.#canAnnounce(args)) return this.#sendAnnounced(args, active, startMs);
      channel.missed('peer', 1);
    }
    return args.length === 1 ? this.#original.call(end, args[0]) : Reflect.apply(this.#original, end, args);
  }

  #enclosed(message: unknown, active: Context, startMs: number): Envelope {
    const { peer } = this.#config;
    try {
      return enclose(message, active, startMs, peer);
    } catch (error) {
      // Somebody's own span, baggage or context: the message goes without.
      reportFailure('ipc.send', error);
      return enclose(message, ROOT_CONTEXT, startMs, peer);
    }
  }

  #canAnnounce([message, handle]: readonly unknown[]): boolean {
    if (this.#mode !== 'announcing' || this.#announced >= MAX_ANNOUNCED || !isSendable(message)) return false;
    const isPlain = handle === undefined || handle === null || typeof handle === 'function';
    if (isPlain && !this.#config.end._handleQueue) return true;
    // What comes with a handle may arrive later than what was sent after it: there is no order left to rely on.
    this.#mode = 'bare';
    return false;
  }

  #sendAnnounced(args: unknown[], active: Context, startMs: number): unknown {
    const said = guard('ipc.send', () => talkOfContext(this.#config.key, active, startMs), undefined);
    if (said === undefined) return Reflect.apply(this.#original, this.#config.end, args);
    this.#say(said);
    this.#announced += 1;
    this.#isAnnouncing = true;
    try {
      const result = Reflect.apply(this.#original, this.#config.end, args);
      this.#isAnnouncing = false;
      return result;
    } finally {
      // It threw: what is sent next is not what was announced.
      if (this.#isAnnouncing) this.#cancel();
    }
  }

  #cancel(): void {
    this.#isAnnouncing = false;
    this.say('cancel');
  }
}
