type Listener = (...args: unknown[]) => void;

/** The part of `process` that is needed here; tests bring an EventEmitter. */
export interface Emitter {
  on(event: string | symbol, listener: Listener): unknown;
  removeListener(event: string | symbol, listener: Listener): unknown;
  listeners(event: string | symbol): unknown[];
  rawListeners(event: string | symbol): unknown[];
}

const LISTS = ['listeners', 'rawListeners'] as const;

/** Replaces a method on the object itself; returns the undo. */
function override<K extends keyof Emitter>(emitter: Emitter, key: K, value: Emitter[K]): () => void {
  const descriptor = Object.getOwnPropertyDescriptor(emitter, key);
  Object.defineProperty(emitter, key, { value, configurable: true, writable: true, enumerable: false });
  return () => {
    if (emitter[key] !== value) return;
    if (descriptor === undefined) delete (emitter as Partial<Emitter>)[key];
    else Object.defineProperty(emitter, key, descriptor);
  };
}

/**
 * Adds a listener that does not show in `listeners`. Programs count the listeners of a signal to decide whether to end the process
 * themselves: the `signal-exit` package does so only when it finds no others than its own, and with one more the
 * process would never end. It does show in `listenerCount`: Node itself asks that to know when to stop watching the signal.
 * Returns the undo.
 */
export function addHiddenListener(emitter: Emitter, events: readonly string[], listener: Listener): () => void {
  const undo = LISTS.map((key) => {
    const original = emitter[key];
    return override(emitter, key, function (this: unknown, event): unknown[] {
      return (Reflect.apply(original, this, [event]) as unknown[]).filter((each) => each !== listener);
    });
  });
  for (const event of events) emitter.on(event, listener);
  return () => {
    for (const event of events) emitter.removeListener(event, listener);
    for (const restore of undo) restore();
  };
}
