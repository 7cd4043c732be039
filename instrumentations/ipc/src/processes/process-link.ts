import { type AnyFunction, guard } from '@sonde/instrumentation-kit';
import type { Peer } from '../account.ts';
import type { Channel } from '../channels.ts';
import { TakenUp } from '../taken-up.ts';
import { type Envelope, isEnvelope } from './envelope.ts';
import { Inbox } from './inbox.ts';
import { type ChannelHandle, channelHandle, isKnownEnd, type LinkEnd } from './link-end.ts';
import { Outbox } from './outbox.ts';
import { isTalk, type Saying, type Talk } from './wire.ts';

/** What a link is made for. */
export interface LinkConfig {
  readonly end: LinkEnd;
  readonly channel: Channel;
  /** Whether this end is the child, which greets first. */
  readonly isChild: boolean;
  /** Whether the other side is likely to understand: it may be told something before it spoke. */
  readonly mayAnnounce: boolean;
  /** Which both ends know, and nobody else; empty where the other side knows none. */
  readonly key: string;
  /** Told of each message that arrives. */
  readonly onMessage?: () => void;
}

const FAILURE = 'ipc.process-link';

/**
 * This process's end of one IPC channel. Messages go bare until the other side has said `hello`, in envelopes from then
 * on. An end that says it opens envelopes does so until the channel closes or the other side has sent the last one.
 */
export class ProcessLink implements Peer {
  readonly end: LinkEnd;
  readonly channel: Channel;
  readonly handle: ChannelHandle | undefined;
  readonly isDown: boolean;
  readonly takenUp: TakenUp = new TakenUp();
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  #isActive = true;
  #isOpening = false;
  /** Whether the other side sends envelopes: once it has greeted, until it stops. */
  #peer: 'unknown' | 'sending' | 'gone' = 'unknown';
  readonly #key: string;

  constructor({ end, channel, isChild, mayAnnounce, key, onMessage }: LinkConfig) {
    this.end = end;
    this.#key = key;
    this.channel = channel;
    this.handle = channelHandle(end);
    this.isDown = !isChild;
    this.#inbox = new Inbox({ end, channel, peer: this, onMessage });
    const mayTell = mayAnnounce && key !== '' && isKnownEnd(end);
    this.#outbox = new Outbox({ end, channel, peer: this, mayAnnounce: mayTell, key });
  }

  /**
   * Tells the other side that envelopes are opened here. In an unknown Node nothing is told, and all stays bare.
   * @param told how many contexts were announced to it before
   */
  hello(told?: number): void {
    if (!isKnownEnd(this.end)) return;
    // For what comes after `stop`, or when somebody has replaced our `emit`: as long as that is in place it keeps from
    // here what the other side says, and what it lets through is the user's.
    if (!this.#isOpening) this.end.on('internalMessage', this.#onInternal);
    this.#isOpening = true;
    this.#outbox.say('hello', told);
  }

  /** An 'internalMessage' is about to be emitted. @returns true when it was one of ours, for nobody else */
  internal(emit: AnyFunction, args: unknown[], isTop: boolean): boolean {
    const message = args[1];
    // What the user made to look like one of ours.
    if (this.#inbox.isPassing(message)) return false;
    if (this.#isEnvelope(message)) {
      this.#inbox.open(message, args, emit, isTop);
      return true;
    }
    if (isTalk(message, this.#key)) {
      guard(FAILURE, () => this.#hear(message), undefined);
      return true;
    }
    this.#inbox.passed(message);
    return false;
  }

  /** A 'message' is about to be emitted. */
  message(emit: AnyFunction, args: unknown[]): unknown {
    // An instrumented child greets before anything else: this one is none, or not yet.
    if (this.isDown && this.#outbox.isAnnouncing) this.#outbox.peerOpensNone();
    return this.#inbox.message(emit, args, this.#peer === 'sending');
  }

  /** A 'message' listener is about to be added. */
  listenerComes(): void {
    guard(FAILURE, () => this.#inbox.listenerComes(), undefined);
  }

  /** The channel has closed. */
  closed(): void {
    if (this.#outbox.isAnnouncing) this.#outbox.peerOpensNone();
  }

  /** Puts `send` back. What the other side has under way in envelopes is still opened. */
  stop(): void {
    this.#isActive = false;
    this.#outbox.stop();
    this.#inbox.stop();
    if (this.#peer === 'gone') this.retire();
    else if (this.#isOpening) this.#outbox.say('bye');
  }

  /** Lets go of the channel altogether. */
  retire(): void {
    this.#isOpening = false;
    this.end.off('internalMessage', this.#onInternal);
  }

  readonly #onInternal = (message: unknown, handle: unknown): void => {
    if (this.#inbox.isPassing(message)) return;
    if (this.#isEnvelope(message)) this.#inbox.openBare(message, handle);
    else if (isTalk(message, this.#key)) guard(FAILURE, () => this.#hear(message), undefined);
  };

  /** One that greets sends what looks like an envelope in an envelope. From others it is a message like any. */
  #isEnvelope(message: unknown): message is Envelope {
    return this.#isOpening && this.#peer === 'sending' && isEnvelope(message);
  }

  #hear(said: Talk): void {
    const react: Readonly<Record<Saying, () => void>> = {
      hello: () => {
        this.#peer = 'sending';
        this.#greeted(said.told);
      },
      context: () => this.#inbox.announced(said),
      cancel: () => this.#inbox.cancelled(),
      bye: () => {
        this.#peer = 'gone';
        this.#outbox.peerOpensNone();
        this.#outbox.say('parted');
      },
      parted: () => this.retire(),
    };
    if (Object.hasOwn(react, said.say)) react[said.say]();
  }

  #greeted(told: unknown): void {
    if (!this.#isActive || !isKnownEnd(this.end)) return;
    const announced = this.#outbox.peerOpens();
    this.#inbox.told(told);
    // What the child has announced was heard: its parent listens from its start on.
    if (this.isDown) this.hello(announced);
  }
}
