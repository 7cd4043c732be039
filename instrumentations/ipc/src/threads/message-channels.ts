import workerThreads, { type MessageChannel as Channel } from 'node:worker_threads';
import { type AnyFunction, observation, type Patches, reportFailure } from '@sonde/instrumentation-kit';
import { LOCAL } from './port-transfers.ts';
import type { Ports } from './ports.ts';
import { replaceConstructor } from './replace-constructor.ts';

function observeBoth(ports: Ports, { port1, port2 }: Channel): void {
  const one = ports.observe(port1, LOCAL);
  const two = ports.observe(port2, LOCAL);
  one.other = two;
  two.other = one;
}

/**
 * Observes both ports of each `MessageChannel` from its beginning, so that the messages of each direction are counted when
 * one of them goes to another thread. Returns what takes back what `patches` does not know of.
 */
export function observeMessageChannels(patches: Patches, ports: Ports): () => void {
  const Original = workerThreads.MessageChannel;
  const own = observation();
  let isActive = true;
  function MessageChannel(this: unknown, ...args: unknown[]): unknown {
    // Throws what it throws.
    if (new.target === undefined) return Reflect.apply(Original as unknown as AnyFunction, this, args);
    const target = (new.target as unknown) === MessageChannel ? Original : (new.target as unknown as AnyFunction);
    const made = Reflect.construct(Original, args, target) as Channel;
    try {
      if (isActive && own.depth === 0) observeBoth(ports, made);
    } catch (error) {
      reportFailure('ipc.channel', error);
    }
    return made;
  }
  const wrapper = MessageChannel as AnyFunction;
  // The same function in both places, as before.
  patches.wrap(workerThreads, 'MessageChannel', () => wrapper);
  patches.wrap(globalThis, 'MessageChannel', (original) => (original === (Original as unknown) ? wrapper : original));
  const undoConstructor = replaceConstructor(Original, wrapper);
  return () => {
    isActive = false;
    undoConstructor();
  };
}
