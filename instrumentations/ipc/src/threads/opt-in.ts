import { BroadcastChannel, MessagePort } from 'node:worker_threads';
import { context } from '@opentelemetry/api';
import { type AnyFunction, impersonate, printable, show } from '@sonde/instrumentation-kit';
import type { Channel, Channels } from '../channels.ts';
import { type Opened, openEnvelope, sendEnvelope } from './envelopes.ts';
import type { FetchedSpans } from './fetched-spans.ts';
import { DISPATCH } from './native-port.ts';
import type { Ports } from './ports.ts';

export const BROADCAST_SYSTEM = 'nodejs.broadcast_channel';
const PORT = { system: 'nodejs.message_port', destination: 'opted-in' } as const;
const MAX_NAME = 64;

/** What runs in this thread, if the instrumentation is on: without it, envelopes are sent and opened all the same. */
let running: { readonly channels: Channels; readonly ports: Ports; readonly fetched: FetchedSpans } | undefined;
const opted = new WeakSet<object>();

/** Tells what runs; undefined when nothing does any more. */
export function setRunning(parts: typeof running): void {
  running = parts;
}

/** Whether an end has asked for envelopes. */
export function isOptedIn(end: unknown): boolean {
  return typeof end === 'object' && end !== null && opted.has(end);
}

/** What a broadcast channel is called. */
export function broadcastNames(name: unknown): { readonly system: string; readonly destination: string } {
  return { system: BROADCAST_SYSTEM, destination: printable(String(name)).slice(0, MAX_NAME) };
}

function put(target: object, key: PropertyKey, value: AnyFunction): void {
  Object.defineProperty(target, key, { value, configurable: true, enumerable: false, writable: true });
}

function process(channel: Channel | undefined, { received }: Opened, run: () => unknown): unknown {
  if (channel !== undefined) {
    if (received.context === undefined) channel.missed('peer', 1);
    return channel.process(received, run);
  }
  return received.context === undefined ? run() : context.with(received.context, run);
}

function refuse(owner: string, rule: string, end: unknown): never {
  throw new TypeError(`${owner}: ${rule} of node:worker_threads, got ${show(end)}`);
}

/** Opens a message that was fetched with `receiveMessageOnPort`. */
export function openFetched(value: unknown): Opened & { readonly channel: Channel | undefined } {
  const opened = openEnvelope(value);
  const channel = running?.channels.of(PORT);
  channel?.received(opened.received);
  return { ...opened, channel };
}

/**
 * Lets the messages of a port carry their contexts, in envelopes: for ports of which Sonde does not know where the other
 * end is. **Both ends must be instrumented before the first message**: an end that is not receives envelopes,
 * `{ 'sonde.ipc.envelope.1', sentMs, message }`. The messages of one that is not are passed on as they are, and counted
 * in `sonde.ipc.context.missed`. Some 2 us of CPU a message, sender and receiver together.
 * @returns the same port
 * @throws TypeError for what is no port of this realm: one moved into another vm context has nothing that could be hooked
 */
export function instrumentPort<T extends MessagePort>(port: T): T {
  if (!(port instanceof MessagePort)) refuse('instrumentPort', 'port must be a MessagePort', port);
  if (opted.has(port)) return port;
  opted.add(port);
  // What is known of it by its sequence no longer matters.
  running?.ports.release(port);
  const prototype = Object.getPrototypeOf(port) as Record<PropertyKey, AnyFunction>;
  const channel = (): Channel | undefined => running?.channels.of(PORT);
  const native = (key: PropertyKey): AnyFunction => prototype[key] as AnyFunction;
  const hooks = {
    postMessage(this: unknown, ...args: unknown[]): unknown {
      const [message, ...rest] = args;
      // It throws what it throws.
      if (args.length === 0 || this !== port) return Reflect.apply(native('postMessage'), this, args);
      const post = (envelope: unknown): unknown => Reflect.apply(native('postMessage'), port, [envelope, ...rest]);
      const result = sendEnvelope(channel(), message, post);
      if (running !== undefined && running.fetched.size > 0) running.fetched.sent(port);
      return result;
    },
    dispatch(this: unknown, ...args: unknown[]): unknown {
      const [value, type, event] = args;
      if (type !== 'message' || event !== undefined) return Reflect.apply(native(DISPATCH), this, args);
      const opened = openEnvelope(value);
      const run = (): unknown => Reflect.apply(native(DISPATCH), this, [opened.message, type, undefined]);
      return process(channel(), opened, run);
    },
  };
  impersonate(hooks.postMessage, native('postMessage'));
  put(port, 'postMessage', hooks.postMessage);
  put(port, DISPATCH, hooks.dispatch);
  return port;
}

/**
 * The same for a broadcast channel: every channel of its name, in all threads, must be instrumented.
 * @returns the same channel
 * @throws TypeError for anything else
 */
export function instrumentBroadcastChannel<T extends BroadcastChannel>(broadcast: T): T {
  if (!(broadcast instanceof BroadcastChannel)) {
    refuse('instrumentBroadcastChannel', 'channel must be a BroadcastChannel', broadcast);
  }
  if (opted.has(broadcast)) return broadcast;
  opted.add(broadcast);
  const names = broadcastNames(broadcast.name);
  const prototype = Object.getPrototypeOf(broadcast) as Record<PropertyKey, AnyFunction>;
  const channel = (): Channel | undefined => running?.channels.of(names);
  const native = (key: string): AnyFunction => prototype[key] as AnyFunction;
  const hooks = {
    postMessage(this: unknown, ...args: unknown[]): unknown {
      const [message] = args;
      if (args.length === 0 || this !== broadcast) return Reflect.apply(native('postMessage'), this, args);
      const post = (envelope: unknown): unknown => Reflect.apply(native('postMessage'), broadcast, [envelope]);
      return sendEnvelope(channel(), message, post);
    },
    dispatchEvent(this: unknown, event: MessageEvent): unknown {
      if (event?.type !== 'message') return Reflect.apply(native('dispatchEvent'), this, [event]);
      const opened = openEnvelope(event.data);
      const isEnveloped = opened.message !== event.data;
      const told = isEnveloped ? new MessageEvent('message', { data: opened.message }) : event;
      return process(channel(), opened, () => Reflect.apply(native('dispatchEvent'), this, [told]));
    },
  };
  impersonate(hooks.postMessage, native('postMessage'));
  put(broadcast, 'postMessage', hooks.postMessage);
  put(broadcast, 'dispatchEvent', hooks.dispatchEvent as AnyFunction);
  return broadcast;
}
