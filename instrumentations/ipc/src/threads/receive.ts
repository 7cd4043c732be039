import workerThreads from 'node:worker_threads';
import { type Context, context, ROOT_CONTEXT } from '@opentelemetry/api';
import { type AnyFunction, type Patches, reportFailure } from '@sonde/instrumentation-kit';
import { markAnswer } from '../answers.ts';
import type { Channel, Received } from '../channels.ts';
import { EnteredContext } from './entered-context.ts';
import { contextAfterFetch, isSameTrace, markFetched, type Source } from './fetch-context.ts';
import type { FetchedSpans } from './fetched-spans.ts';
import type { ObservedPort } from './observed-port.ts';
import { isOptedIn, openFetched } from './opt-in.ts';
import type { Ports } from './ports.ts';

/** What follows a fetch, up to the next one or the end of the turn, is the handler of the message. */
class Fetching {
  readonly #spans: FetchedSpans;
  readonly #entered: EnteredContext;
  /** Where that was fetched whose context was entered. */
  #port: object | undefined;

  constructor(spans: FetchedSpans) {
    this.#spans = spans;
    this.#entered = new EnteredContext(() => spans.paused());
  }

  /** A message was fetched. */
  enter(from: Source, channel: Channel, received: Received): void {
    const { context: sender } = received;
    if (sender !== undefined && this.#isAsked(from, sender)) return;
    this.leave();
    if (sender === undefined) return;
    const next = contextAfterFetch(context.active(), from, sender);
    if (next === undefined) return;
    this.#port = from.port;
    if (this.#entered.enter(next === sender ? this.#begin(from, channel, received, sender) : next)) return;
    this.#spans.paused();
    if (sender !== ROOT_CONTEXT) channel.missed('manager', 1);
  }

  /** There was nothing to fetch: a loop has come to its end. */
  leave(): void {
    this.#port = undefined;
    this.#entered.leave();
  }

  /** Whether the work on a fetched message has asked another thread, whose answer this is. */
  #isAsked({ port }: Source, sender: Context): boolean {
    if (this.#port === undefined || this.#port === port) return false;
    const { active } = this.#entered;
    return active !== undefined && isSameTrace(active, sender);
  }

  #begin(from: Source, channel: Channel, received: Received, sender: Context): Context {
    const active = this.#spans.begin(from.port, channel, received) ?? sender;
    const marked = markFetched(active, from);
    if (received.isAnswer === true) markAnswer(marked, received.peer);
    return marked;
  }
}

interface Entry {
  readonly message: unknown;
}

/** Fetches; a message that could not be read has had its place in the sequence nevertheless. */
function fetch(original: AnyFunction, args: unknown[], observed: ObservedPort): Entry | undefined {
  try {
    return Reflect.apply(original, undefined, args);
  } catch (error) {
    observed.skip(error);
    throw error;
  }
}

/** The same for a port that has asked for envelopes. */
function fetchEnvelope(original: AnyFunction, args: unknown[], fetching: Fetching): Entry | undefined {
  const entry: Entry | undefined = Reflect.apply(original, undefined, args);
  if (entry === undefined) {
    fetching.leave();
    return undefined;
  }
  const { message, received, channel } = openFetched(entry.message);
  if (channel === undefined) fetching.leave();
  else fetching.enter({ port: args[0] as object, link: undefined }, channel, received);
  return { message };
}

function takeUp(observed: ObservedPort, message: unknown, fetching: Fetching): void {
  const received = observed.takeUp(message);
  observed.channel.received(received);
  fetching.enter(observed, observed.channel, received);
}

function fetchObserved(original: AnyFunction, args: unknown[], fetching: Fetching, observed: ObservedPort): unknown {
  const entry = fetch(original, args, observed);
  try {
    if (entry === undefined) fetching.leave();
    else takeUp(observed, entry.message, fetching);
  } catch (error) {
    reportFailure('ipc.receive', error);
  }
  return entry;
}

/** Observes `receiveMessageOnPort`. */
export function observeReceive(patches: Patches, ports: Ports, spans: FetchedSpans): void {
  const fetching = new Fetching(spans);
  patches.wrap(workerThreads, 'receiveMessageOnPort', (original, patch) => {
    return function receiveMessageOnPort(this: unknown, ...args: unknown[]): unknown {
      if (!patch.active) return Reflect.apply(original, this, args);
      if (isOptedIn(args[0])) return fetchEnvelope(original, args, fetching);
      const observed = ports.find(args[0]);
      if (observed === undefined) return Reflect.apply(original, this, args);
      return fetchObserved(original, args, fetching, observed);
    };
  });
}
