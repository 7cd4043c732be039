type Listener = (...args: unknown[]) => void;

/** The part of `process` that is needed here; tests bring an EventEmitter. */
export interface Emitter {
  on(event: string | symbol, listener: Listener): unknown;
  removeListener(event: string | symbol, listener: Listener): unknown;
  listeners(event: string | symbol): unknown[];
  rawListeners(event: string | symbol): unknown[];
  listenerCount(event: string | symbol, listener?: unknown): number;
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
 * Adds a listener that nobody sees. Programs count the listeners of a signal to decide whether to end the process
 * themselves: the `signal-exit` package does so only when it finds no others than its own, and with one more the
 * process would never end. Returns the undo.
 */
export function addHiddenListener(emitter: Emitter, events: readonly string[], listener: Listener): () => void {
  const undo = LISTS.map((key) => {
    const original = emitter[key];
    return override(emitter, key, function (this: unknown, event): unknown[] {
      return (Reflect.apply(original, this, [event]) as unknown[]).filter((each) => each !== listener);
    });
  });
  const count = emitter.listenerCount;
  undo.push(
    override(emitter, 'listenerCount', function (this: unknown, event, of): number {
      if (of !== undefined) return Reflect.apply(count, this, [event, of]) as number;
      return emitter.listeners(event).length;
    }),
  );
  for (const event of events) emitter.on(event, listener);
  return () => {
    for (const event of events) emitter.removeListener(event, listener);
    for (const restore of undo) restore();
  };
}
