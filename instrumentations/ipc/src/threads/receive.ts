import workerThreads from 'node:worker_threads';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { type Patches, reportFailure } from '@sonde/instrumentation-kit';
import { markAnswer } from '../answers.ts';
import type { Channel, Handler, Received } from '../channels.ts';
import { EnteredContext } from './entered-context.ts';
import type { FetchedSpans } from './fetched-spans.ts';
import type { ObservedPort } from './observed-port.ts';
import { isOptedIn, openFetched } from './opt-in.ts';
import type { Ports } from './ports.ts';

interface Fetching {
  readonly entered: EnteredContext;
  readonly spans: FetchedSpans;
}

/** A message was fetched: what comes next, up to the next fetch or the end of the turn, is its handler. */
function enter({ entered, spans }: Fetching, port: object, channel: Channel, received: Received): void {
  const { context: sender } = received;
  entered.leave();
  if (sender === undefined) return;
  const active = spans.begin(port, channel, received) ?? sender;
  if (received.isAnswer === true) markAnswer(active);
  if (entered.enter(active)) return;
  spans.paused();
  if (sender !== ROOT_CONTEXT) channel.missed('manager', 1);
}

function takeUp(observed: ObservedPort, message: unknown, fetching: Fetching): void {
  const received = observed.takeUp(message);
  observed.channel.received(received);
  enter(fetching, observed.port, observed.channel, received);
}

interface Entry {
  readonly message: unknown;
}

/** Fetches; a message that could not be read has had its place in the sequence nevertheless. */
function fetch(original: Handler, args: unknown[], observed: ObservedPort): Entry | undefined {
  try {
    return Reflect.apply(original, undefined, args);
  } catch (error) {
    observed.skip(error);
    throw error;
  }
}

/** The same for a port that has asked for envelopes. */
function fetchEnvelope(original: Handler, args: unknown[], fetching: Fetching): Entry | undefined {
  const entry: Entry | undefined = Reflect.apply(original, undefined, args);
  if (entry === undefined) {
    fetching.entered.leave();
    return undefined;
  }
  const { message, received, channel } = openFetched(entry.message);
  if (channel === undefined) fetching.entered.leave();
  else enter(fetching, args[0] as object, channel, received);
  return { message };
}

function fetchObserved(original: Handler, args: unknown[], fetching: Fetching, observed: ObservedPort): unknown {
  const entry = fetch(original, args, observed);
  try {
    if (entry === undefined) fetching.entered.leave();
    else takeUp(observed, entry.message, fetching);
  } catch (error) {
    reportFailure('ipc.receive', error);
  }
  return entry;
}

/** Observes `receiveMessageOnPort`. */
export function observeReceive(patches: Patches, ports: Ports, spans: FetchedSpans): void {
  const fetching: Fetching = { entered: new EnteredContext(() => spans.paused()), spans };
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
