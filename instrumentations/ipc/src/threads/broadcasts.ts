import workerThreads from 'node:worker_threads';
import type { AnyFunction, Patches } from '@sonde/instrumentation-kit';
import type { Channels } from '../channels.ts';
import { messageBytes } from './message-size.ts';
import { broadcastNames, isOptedIn } from './opt-in.ts';

const now = performance.now.bind(performance);

interface Named {
  readonly name: unknown;
}

/** Channels that are left alone: those with envelopes count for themselves, and Sonde's own are not the application's. */
function isSkipped(channel: Named): boolean {
  if (isOptedIn(channel)) return true;
  const { name } = channel;
  return typeof name === 'string' && name.startsWith('sonde.');
}

/** A message event as it is dispatched. */
interface Arrival {
  readonly type?: unknown;
  readonly data?: unknown;
}

/** Counts what broadcast channels send and receive; returns what takes back what `patches` does not know of. */
export function observeBroadcasts(patches: Patches, channels: Channels): () => void {
  const { prototype } = workerThreads.BroadcastChannel;
  patches.wrap(prototype, 'postMessage', (original, patch) => {
    return function postMessage(this: Named, ...args: unknown[]): unknown {
      if (!patch.active || args.length === 0 || isSkipped(this)) return Reflect.apply(original, this, args);
      const startMs = now();
      let result: unknown;
      try {
        result = Reflect.apply(original, this, args);
      } catch (error) {
        if (this instanceof workerThreads.BroadcastChannel) {
          channels.of(broadcastNames(this.name)).sendFailed(startMs, error, undefined);
        }
        throw error;
      }
      channels.of(broadcastNames(this.name)).sent(startMs, messageBytes(args[0]), undefined);
      return result;
    };
  });
  return observeArrivals(prototype, channels);
}

function observeArrivals(prototype: object, channels: Channels): () => void {
  if (Object.hasOwn(prototype, 'dispatchEvent')) return () => {};
  const inherited = Object.getPrototypeOf(prototype) as { readonly dispatchEvent: AnyFunction };
  const { dispatchEvent } = {
    dispatchEvent(this: Named, ...args: unknown[]): unknown {
      const event = args[0] as Arrival | undefined;
      if (event?.type !== 'message' || isSkipped(this)) return Reflect.apply(inherited.dispatchEvent, this, args);
      const received = {
        context: undefined,
        isSampled: false,
        sentMs: Number.NaN,
        takenUpMs: now(),
        bytes: messageBytes(event.data),
      };
      return channels.of(broadcastNames(this.name)).process(received, inherited.dispatchEvent, this, args);
    },
  };
  Object.defineProperty(prototype, 'dispatchEvent', { value: dispatchEvent, configurable: true, writable: true });
  return () => {
    if (Object.getOwnPropertyDescriptor(prototype, 'dispatchEvent')?.value === dispatchEvent) {
      Reflect.deleteProperty(prototype, 'dispatchEvent');
    }
  };
}
