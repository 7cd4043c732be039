import type { Context, Span } from '@opentelemetry/api';
import { type AnyFunction, createFold, createRateLimit } from '@sonde/instrumentation-kit';
import type { Peer } from './account.ts';
import { ChannelRecorder } from './channel.ts';
import type { Surroundings } from './part.ts';

/** Names of one channel in metrics, events and spans. */
export interface ChannelNames {
  /** Kind of channel (`messaging.system`), e.g. `nodejs.worker_threads`. */
  readonly system: string;
  /** The peer (`messaging.destination.name`), of low cardinality, e.g. base name of its script. */
  readonly destination: string;
}

/** What is known of a message that arrived. Read when `process` is called and not kept: one object may serve for all. */
export interface Received {
  /** In which its handlers are to run; undefined leaves the active one alone (the peer is not instrumented). */
  readonly context: Context | undefined;
  /** Whether the sender's span was sampled: its handlers then get a `process` span. */
  readonly isSampled: boolean;
  /** Whether it answers something that was sent from here. */
  readonly isAnswer?: boolean;
  /** Who has sent it, where that is known. */
  readonly peer?: Peer | undefined;
  /** `performance.now()` of this thread at which it was sent, NaN when that is not known. */
  readonly sentMs: number;
  /** `performance.now()` at which it was taken up: now. */
  readonly takenUpMs: number;
  /** 0 where that is not known cheaply. */
  readonly bytes: number;
}

/** Why the context of a message is not known; see `sonde.ipc.miss.reason`. */
export type MissReason = 'lapped' | 'peer' | 'desync' | 'manager' | 'answer' | 'size';

/** Records what happens on all channels between this thread and one kind of peer. None of its methods throws by itself. */
export interface Channel extends ChannelNames {
  /**
   * Before a message is sent: its `send` span, when the active span is being recorded; undefined otherwise. The message
   * has to carry the context with that span in it, else the active one.
   */
  startSend(active: Context): Span | undefined;
  /**
   * After it was sent. Reads the clock now and then only, while sending is quick.
   * @param startMs `performance.now()` before
   * @param bytes 0 where that is not known cheaply
   */
  sent(startMs: number, bytes: number, span: Span | undefined): void;
  /** Instead of `sent`, when sending threw or was refused. */
  sendFailed(startMs: number, error: unknown, span: Span | undefined): void;
  /** A message arrived that could not be read (`messageerror`). */
  receiveFailed(error: unknown): void;
  /** A message was taken up, but what its handlers are cannot be told (`receiveMessageOnPort`). */
  received(received: Received): void;
  /**
   * `received`, and counts the handlers of a message as run, when they need neither be timed nor have a span: the caller
   * then runs them in the context of the message himself. False, and nothing done, when they do: then it is for `process`.
   */
  receivedQuickly(received: Received): boolean;
  /**
   * `received`, and runs the handlers of a message inside its context, or inside its `process` span where the sender
   * was recorded. What they throw passes through. Cheapest with a function that needs neither receiver nor arguments.
   */
  process(received: Received, handler: AnyFunction, receiver?: unknown, args?: readonly unknown[]): unknown;
  /**
   * The `process` span of a message whose handlers cannot be told; undefined where there is to be none.
   * @param startEpochMs of the epoch, like its end
   */
  startProcess(received: Received, startEpochMs: number): Span | undefined;
  endProcess(span: Span, endEpochMs: number): void;
  /** The context of a message is not known for certain. */
  missed(reason: MissReason, count: number): void;
  /** Bytes seen beside messages (a pipe, a socket). */
  io(direction: 'transmit' | 'receive', bytes: number): void;
  /** Messages in flight changed: call at collection, with the total of all peers of this name. */
  depth(messages: number): void;
  /** The receiver ended with this many messages not taken up. */
  undelivered(messages: number): void;
}

/** The channels of one thread. */
export interface Channels {
  /** The recorder for a kind and a peer; the same one for the same names. */
  of(names: ChannelNames): Channel;
}

/** More peers than this share one name: a name that was meant to be of low cardinality was not. */
const MAX_CHANNELS = 512;
const OTHER = 'other';
/** A loop that hangs makes every message slow, and a flood of spans or events helps nobody. */
const SLOW_LIMIT = { perSecond: 10, burst: 50 };

/** Creates them; series are bound at the first use of each. */
export function createChannels(parts: Omit<Surroundings, 'channels'>): Channels {
  const known = new Map<string, Channel>();
  const limits = { limit: createRateLimit(SLOW_LIMIT), waits: createRateLimit(SLOW_LIMIT) };
  const shared = { ...parts, fold: createFold(), ...limits };
  const of = ({ system, destination }: ChannelNames): Channel => {
    const key = `${system}\0${destination}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    if (known.size >= MAX_CHANNELS && destination !== OTHER) return of({ system, destination: OTHER });
    const channel = new ChannelRecorder({ system, destination }, shared);
    known.set(key, channel);
    return channel;
  };
  return { of };
}
