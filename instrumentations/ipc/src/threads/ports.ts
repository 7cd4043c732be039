import { MessagePort } from 'node:worker_threads';
import type { HybridClock } from '@sonde/event-stream';
import { type AnyFunction, guard } from '@sonde/instrumentation-kit';
import type { ChannelNames, Channels } from '../channels.ts';
import type { FetchedSpans } from './fetched-spans.ts';
import { DISPATCH, type NativePort } from './native-port.ts';
import { ObservedPort } from './observed-port.ts';
import { PortTransfers } from './port-transfers.ts';

/** The ports of this thread that are observed. */
export interface Ports {
  readonly transfers: PortTransfers;
  find(port: unknown): ObservedPort | undefined;
  /** Begins to observe one. Its own functions are hooked, never the prototype: Node's own channels use that as well. */
  observe(port: MessagePort, names: ChannelNames): ObservedPort;
  /** Somebody else observes it from now on. */
  release(port: MessagePort): void;
  /** Called when an observed port is closed. */
  onClose(listener: (observed: ObservedPort) => void): void;
  all(): Iterable<ObservedPort>;
  /** Takes the hooks off all of them. */
  stop(): void;
}

function put(port: MessagePort, key: PropertyKey, value: AnyFunction): void {
  // Not enumerable: `inspect` shows the others.
  Object.defineProperty(port, key, { value, configurable: true, enumerable: false, writable: true });
}

/** Takes a hook off, unless somebody has put something in its place. */
function take(port: MessagePort, key: PropertyKey, hook: AnyFunction | undefined): void {
  if (hook !== undefined && Object.getOwnPropertyDescriptor(port, key)?.value === hook) {
    Reflect.deleteProperty(port, key);
  }
}

interface Hooks {
  readonly postMessage: AnyFunction;
  readonly dispatch: AnyFunction;
}

function isClose(type: unknown, event: unknown): boolean {
  // An application may dispatch a `close` event of its own.
  return type === 'close' && (event as object | undefined)?.constructor?.name === 'MessagePortCloseEvent';
}

/** Looked up at each call: somebody may wrap the prototype later. */
const prototype = MessagePort.prototype as NativePort;

function hooksOf(observed: ObservedPort, onClosed: () => void): Hooks {
  // Methods, for they have no `prototype`, as the native ones have none.
  return {
    postMessage(...args: unknown[]): unknown {
      if (this !== observed.port || !observed.isActive) return Reflect.apply(prototype.postMessage, this, args);
      return args.length === 1 ? observed.post(args[0]) : observed.postWith(args);
    },
    dispatch(...args: unknown[]): unknown {
      const [value, type, event] = args;
      // The native side passes three arguments, without an event; `emit` two, `dispatchEvent` an event.
      const isArrival = observed.isActive && event === undefined && args.length === 3;
      if (isArrival && type === 'message') return observed.dispatch(value);
      if (isArrival && type === 'messageerror') observed.skip(value);
      if (observed.isActive && isClose(type, event)) onClosed();
      return Reflect.apply(prototype[DISPATCH], this, args);
    },
  };
}

/** Creates the book of observed ports. It holds none longer than Node does: until they are closed. */
export function createPorts(channels: Channels, clock: HybridClock, fetched: FetchedSpans): Ports {
  const known = new Map<unknown, ObservedPort>();
  const hooks = new WeakMap<ObservedPort, Hooks>();
  const listeners: ((observed: ObservedPort) => void)[] = [];
  const find = (port: unknown): ObservedPort | undefined => known.get(port);

  const forget = (observed: ObservedPort): void => {
    known.delete(observed.port);
    take(observed.port, 'postMessage', hooks.get(observed)?.postMessage);
    take(observed.port, DISPATCH, hooks.get(observed)?.dispatch);
    // Not left to the garbage collector: the table would grow by all ports that are opened before it comes, and stay so.
    hooks.delete(observed);
  };
  const close = (observed: ObservedPort): void => {
    forget(observed);
    for (const listener of listeners) guard('ipc.close', () => listener(observed), undefined);
    observed.stop();
  };
  const observe = (port: MessagePort, names: ChannelNames): ObservedPort => {
    const observed = new ObservedPort(port, channels.of(names), { transfers, fetched });
    const own = hooksOf(observed, () => close(observed));
    hooks.set(observed, own);
    put(port, 'postMessage', own.postMessage);
    put(port, DISPATCH, own.dispatch);
    known.set(port, observed);
    return observed;
  };
  const transfers = new PortTransfers({ channels, clock, find, observe, forget });

  return {
    transfers,
    find,
    observe,
    release(port): void {
      const observed = known.get(port);
      if (observed === undefined) return;
      forget(observed);
      observed.stop();
    },
    onClose: (listener) => listeners.push(listener),
    all: () => known.values(),
    stop(): void {
      for (const observed of [...known.values()]) {
        forget(observed);
        observed.stop();
      }
    },
  };
}
