import workerThreads from 'node:worker_threads';
import { type Context, ROOT_CONTEXT } from '@opentelemetry/api';
import { type Patches, reportFailure } from '@sonde/instrumentation-kit';
import { markAnswer } from '../answers.ts';
import type { Handler } from '../channels.ts';
import { EnteredContext } from './entered-context.ts';
import type { ObservedPort } from './observed-port.ts';
import { isOptedIn, openFetched } from './opt-in.ts';
import type { Ports } from './ports.ts';

/** Takes up a message that was fetched: what comes next, up to the next fetch or the end of the turn, is its handler. */
function takeUp(observed: ObservedPort, message: unknown, entered: EnteredContext): void {
  const received = observed.takeUp(message);
  observed.channel.received(received);
  const active: Context | undefined = received.context;
  if (active !== undefined && received.isAnswer === true) markAnswer(active);
  if (active === undefined) entered.leave();
  else if (!entered.enter(active) && active !== ROOT_CONTEXT) observed.channel.missed('manager', 1);
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
function fetchEnvelope(original: Handler, args: unknown[], entered: EnteredContext): Entry | undefined {
  const entry: Entry | undefined = Reflect.apply(original, undefined, args);
  if (entry === undefined) {
    entered.leave();
    return undefined;
  }
  const { message, received } = openFetched(entry.message);
  if (received.context === undefined) entered.leave();
  else entered.enter(received.context);
  return { message };
}

function fetchObserved(original: Handler, args: unknown[], entered: EnteredContext, observed: ObservedPort): unknown {
  const entry = fetch(original, args, observed);
  try {
    if (entry === undefined) entered.leave();
    else takeUp(observed, entry.message, entered);
  } catch (error) {
    reportFailure('ipc.receive', error);
  }
  return entry;
}

/** Observes `receiveMessageOnPort`. */
export function observeReceive(patches: Patches, ports: Ports): void {
  const entered = new EnteredContext();
  patches.wrap(workerThreads, 'receiveMessageOnPort', (original, patch) => {
    return function receiveMessageOnPort(this: unknown, ...args: unknown[]): unknown {
      if (!patch.active) return Reflect.apply(original, this, args);
      if (isOptedIn(args[0])) return fetchEnvelope(original, args, entered);
      const observed = ports.find(args[0]);
      if (observed === undefined) return Reflect.apply(original, this, args);
      return fetchObserved(original, args, entered, observed);
    };
  });
}
