import { impersonate } from '@sonde/instrumentation-kit';

type Method = (...args: unknown[]) => unknown;

/** After these a provider has sent what it took; after the second it takes nothing more. */
const METHODS = ['forceFlush', 'shutdown'] as const;

function callBefore(provider: object, method: (typeof METHODS)[number], flush: () => void): (() => void) | undefined {
  const original: unknown = Reflect.get(provider, method);
  if (typeof original !== 'function') return undefined;
  const descriptor = Object.getOwnPropertyDescriptor(provider, method);
  let isActive = true;
  function wrapper(this: unknown, ...args: unknown[]): unknown {
    if (isActive) flush();
    return Reflect.apply(original as Method, this, args);
  }
  impersonate(wrapper, original as Method);
  const ours = { configurable: true, writable: true, enumerable: descriptor?.enumerable ?? false, value: wrapper };
  if (!Reflect.defineProperty(provider, method, ours)) return undefined;
  return () => {
    isActive = false;
    // A wrapper that somebody laid over ours stays, and ours under it.
    if (Object.getOwnPropertyDescriptor(provider, method)?.value !== wrapper) return;
    if (descriptor === undefined) Reflect.deleteProperty(provider, method);
    else Reflect.defineProperty(provider, method, descriptor);
  };
}

/**
 * Has `flush` called before `provider` flushes or shuts down, whoever asks for that: an application that ends its own
 * SDK does not know that something is still held back for it. On the instance, so other providers are as they were.
 * Returns the undo.
 */
export function flushFirst(provider: object, flush: () => void): () => void {
  const undo = METHODS.map((method) => callBefore(provider, method, flush));
  return () => {
    for (const one of undo) one?.();
  };
}
