import { MessagePort } from 'node:worker_threads';
import { type Context, context, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api';
import { guard, isContextSuppressed, reportFailure } from '@sonde/instrumentation-kit';
import { isAnswerOf, markAnswer } from '../answers.ts';
import type { Channel, Received } from '../channels.ts';
import { enterNatively } from '../native-entry.ts';
import type { FetchedSpans } from './fetched-spans.ts';
import type { Link } from './link.ts';
import { MessageContext } from './message-context.ts';
import { messageKind } from './message-kind.ts';
import { messageBytes } from './message-size.ts';
import { DISPATCH, type NativePort } from './native-port.ts';
import type { Offer, PortTransfers } from './port-transfers.ts';
import type { RingReader } from './ring-reader.ts';
import type { RingWriter } from './ring-writer.ts';

/** Looked up at each call: somebody may wrap the prototype later. A constant of this module, which V8 can call directly. */
const prototype = MessagePort.prototype as NativePort;

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

const now = performance.now.bind(performance);
/** What `error.type` says of a message to a port that is closed: Node drops it without a word. */
const CLOSED = { code: 'closed' };
/** Stands for a port that goes without a word of what goes with it. */
const NOT_TOLD = { link: undefined };

/** What came without a context needs none where none is active. */
function isActive(active: Context): boolean {
  return active === ROOT_CONTEXT && context.active() === ROOT_CONTEXT;
}

/** What is known of a message on a port that has no rings. */
interface Unknown extends Mutable<Received> {
  readonly context: undefined;
}

/** What all ports of a thread share. */
export interface PortParts {
  readonly transfers: PortTransfers;
  readonly fetched: FetchedSpans;
}

/** One end of a channel, in this thread. */
export class ObservedPort {
  readonly port: MessagePort;
  channel: Channel;
  /** Towards which thread its messages go, where that is known. */
  link: Link | undefined;
  /** The other end, while it is in this thread. */
  other: ObservedPort | undefined;
  /** Rings of the arena that it uses, if it is not the channel of a worker itself. */
  ring: number | undefined;
  writer: RingWriter | undefined;
  reader: RingReader | undefined;
  /** Messages that went through, as int32. */
  sent = 0;
  received = 0;
  /** False once nobody observes it any more: its hooks then only pass through. */
  isActive = true;
  #isPosting = false;
  /** Called before each message is taken up. */
  onMessage: (() => void) | undefined;
  readonly #transfers: PortTransfers;
  readonly #fetched: FetchedSpans;
  readonly #unknown: Unknown = {
    context: undefined,
    isSampled: false,
    sentMs: Number.NaN,
    takenUpMs: 0,
    bytes: 0,
  };

  constructor(port: MessagePort, channel: Channel, { transfers, fetched }: PortParts) {
    this.port = port;
    this.channel = channel;
    this.#transfers = transfers;
    this.#fetched = fetched;
  }

  /** Sends a message that takes nothing along: what `postMessage` of the port does, with what has to lie beside it. */
  post(message: unknown): unknown {
    const startMs = now();
    if (this.#isPosting) this.#giveUp();
    const span = this.#prepare(message, startMs, undefined);
    let result: unknown;
    this.#isPosting = true;
    try {
      result = prototype.postMessage.call(this.port, message);
    } catch (error) {
      this.#failed(startMs, error, span);
      throw error;
    } finally {
      this.#isPosting = false;
    }
    this.#posted(result === undefined, message, startMs, span);
    return result;
  }

  /** The same for whatever else `postMessage` may be given. */
  postWith(args: readonly unknown[]): unknown {
    const startMs = now();
    if (this.#isPosting) this.#giveUp();
    const offers = args.length > 1 ? this.#transfers.offer(this, args) : undefined;
    const span = this.#prepare(args[0], startMs, offers);
    let result: unknown;
    this.#isPosting = true;
    try {
      result = Reflect.apply(prototype.postMessage, this.port, args);
    } catch (error) {
      this.#failed(startMs, error, span);
      if (offers !== undefined) this.#transfers.withdraw(this, offers);
      throw error;
    } finally {
      this.#isPosting = false;
    }
    if (offers !== undefined) this.#commit(offers);
    this.#posted(result === undefined, args[0], startMs, span);
    return result;
  }

  // In functions of their own: what a function encloses, it pays for even where it does not.
  #process(message: unknown, received: Received): unknown {
    return this.channel.process(received, () => prototype[DISPATCH].call(this.port, message, 'message', undefined));
  }

  #dispatchIn(active: Context, message: unknown): unknown {
    return context.with(active, () => prototype[DISPATCH].call(this.port, message, 'message', undefined));
  }

  /** A message is here, from native code: runs its handlers inside its context. */
  dispatch(message: unknown): unknown {
    const received = this.takeUp(message);
    const { context: active } = received;
    if (!this.channel.receivedQuickly(received)) return this.#process(message, received);
    if (active !== undefined) {
      if (received.isAnswer === true) markAnswer(active, received.peer);
      if (!isActive(active) && !enterNatively(active)) return this.#dispatchIn(active, message);
    }
    return prototype[DISPATCH].call(this.port, message, 'message', undefined);
  }

  /** A message is here: what is known of it. Valid until the next one. */
  takeUp(message: unknown): Received {
    const nowMs = now();
    if (this.onMessage !== undefined) this.onMessage();
    this.received = (this.received + 1) | 0;
    const { reader } = this;
    if (reader === undefined) return this.#unknownAt(nowMs, message);
    try {
      const received = reader.take(messageKind(message), nowMs, messageBytes(message));
      if (reader.miss !== undefined) this.channel.missed(reader.miss, 1);
      if (reader.ports !== '') this.#transfers.adopt(this, reader.ports, message);
      return received;
    } catch (error) {
      reportFailure('ipc.receive', error);
      return this.#unknownAt(nowMs, message);
    }
  }

  #unknownAt(nowMs: number, message: unknown): Received {
    this.#unknown.takenUpMs = nowMs;
    this.#unknown.bytes = messageBytes(message);
    return this.#unknown;
  }

  /** A message is here that could not be read. */
  skip(error: unknown): void {
    this.received = (this.received + 1) | 0;
    this.reader?.skip();
    guard('ipc.messageerror', () => this.channel.receiveFailed(error), undefined);
  }

  /** Neither end of this object carries anything any more; messages under way can still be read by the other side. */
  stop(): void {
    this.isActive = false;
    this.writer?.stop();
    this.writer = undefined;
    this.reader = undefined;
    if (this.other !== undefined) this.other.other = undefined;
    this.other = undefined;
    if (this.ring !== undefined) this.link?.arena.release(this.ring);
    this.ring = undefined;
  }

  /**
   * A getter of a message that is being sent sends another one: that overtakes it, so both have the slot of the other. From
   * here on messages go without.
   */
  #giveUp(): void {
    this.writer?.rollBack();
    this.writer?.stop();
    this.writer = undefined;
  }

  #commit(offers: readonly Offer[]): void {
    const isTold = this.writer !== undefined;
    // Nobody will take up the other end of the rings.
    if (!isTold) this.#transfers.withdraw(this, offers);
    this.#transfers.commit(isTold ? this : NOT_TOLD, offers);
  }

  #posted(isClosed: boolean, message: unknown, startMs: number, span: Span | undefined): void {
    this.sent = (this.sent + 1) | 0;
    if (isClosed) this.channel.sendFailed(startMs, CLOSED, span);
    else this.channel.sent(startMs, messageBytes(message), span);
    if (this.#fetched.size > 0) this.#fetched.sent(this.port);
  }

  #prepare(message: unknown, nowMs: number, offers: readonly Offer[] | undefined): Span | undefined {
    try {
      if (this.writer?.isParted === true) this.#lose(this.writer);
      const active = this.#sender();
      // The sender of a message is never recorded here: its span is in another thread.
      const isPlain = active === ROOT_CONTEXT || active instanceof MessageContext;
      const span = isPlain ? undefined : this.channel.startSend(active);
      if (this.writer === undefined) return span;
      const sender = span === undefined ? active : trace.setSpan(active, span);
      const ports = offers === undefined ? '' : this.#transfers.describe(offers);
      const isWhole = this.writer.write(sender, messageKind(message), nowMs, ports);
      if (!isWhole) this.channel.missed('size', 1);
      return span;
    } catch (error) {
      // Somebody's own context manager or span. What has no slot must not be followed by what has one.
      reportFailure('ipc.send', error);
      this.writer?.stop();
      this.writer = undefined;
      return undefined;
    }
  }

  /** The other end was given on by the thread that had it, to one of which nothing is known here. */
  #lose(writer: RingWriter): void {
    if (writer.unread > 0) this.channel.missed('peer', writer.unread);
    writer.stop();
    this.writer = undefined;
    this.#transfers.lost(this);
  }

  /** In whose context something is sent. */
  #sender(): Context {
    const active = context.active();
    if (active === ROOT_CONTEXT) return active;
    if (this.link?.isDown === true && isAnswerOf(active, this.link)) {
      this.channel.missed('answer', 1);
      return ROOT_CONTEXT;
    }
    // What an exporter sends is nobody's trace. A context that came with a message says nothing of that.
    return !(active instanceof MessageContext) && isContextSuppressed(active) ? ROOT_CONTEXT : active;
  }

  #failed(startMs: number, error: unknown, span: Span | undefined): void {
    this.writer?.rollBack();
    guard('ipc.send', () => this.channel.sendFailed(startMs, error, span), undefined);
  }
}
