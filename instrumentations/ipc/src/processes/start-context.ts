import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type Context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { type AnyFunction, guard } from '@sonde/instrumentation-kit';

/** Where the API keeps what was registered. */
const GLOBAL_API = Symbol.for('opentelemetry.js.api.1');
/** Node tells here that a server begins to listen. */
const LISTEN = 'tracing:net.server.listen:asyncStart';
/** A propagator that does not come by then never will. */
const MAX_TRIES = 1000;

interface Manager {
  active: AnyFunction;
  readonly _asyncLocalStorage?: { getStore(): unknown };
}

interface Registry {
  context?: Manager;
}

/** What is in force in this thread when nothing else is. */
class StartContext {
  readonly #read: () => Context;
  #context: Context | undefined;
  #tries = 0;

  constructor(read: () => Context) {
    this.#read = read;
  }

  /** Undefined while there is none; the propagator that can read it may be registered later. */
  get(): Context | undefined {
    if (this.#context === undefined && this.#tries < MAX_TRIES) {
      this.#tries += 1;
      const read = guard('ipc.start-context', this.#read, ROOT_CONTEXT);
      if (trace.getSpanContext(read) !== undefined) this.#context = read;
    }
    return this.#context;
  }

  end(): void {
    this.#context = undefined;
    this.#tries = MAX_TRIES;
  }
}

/**
 * Lays the start context under a context manager: it is active where the manager knows of none. What runs explicitly in
 * the root context is not affected. @returns the undo
 */
function lay(manager: Manager, start: StartContext): () => void {
  const storage = manager._asyncLocalStorage;
  // Somebody's own manager: it does not tell "no context" from "the root context".
  if (typeof storage?.getStore !== 'function') return () => undefined;
  const original = manager.active;
  const active: AnyFunction = function (this: unknown, ...args: unknown[]): unknown {
    const found = Reflect.apply(original, this, args);
    return storage.getStore() === undefined ? (start.get() ?? found) : found;
  };
  const own = Object.getOwnPropertyDescriptor(manager, 'active');
  manager.active = active;
  return () => {
    if (manager.active !== active) return;
    if (own === undefined) Reflect.deleteProperty(manager, 'active');
    else manager.active = original;
  };
}

/**
 * Calls back once `target[key]` is there: now, or as soon as it is set. Until then an accessor stands for the absent
 * property. @returns the undo
 */
function onProperty<T extends object, Key extends keyof T>(
  target: T,
  key: Key,
  then: (value: NonNullable<T[Key]>) => void,
): () => void {
  const present = target[key];
  if (present !== undefined && present !== null) {
    then(present);
    return () => undefined;
  }
  const set = (value: T[Key]): void => {
    Object.defineProperty(target, key, { value, writable: true, configurable: true, enumerable: true });
    if (value !== undefined && value !== null) then(value);
  };
  Object.defineProperty(target, key, { get: () => undefined, set, configurable: true, enumerable: true });
  return () => {
    if (Object.getOwnPropertyDescriptor(target, key)?.set === set) Reflect.deleteProperty(target, key);
  };
}

/** Calls back with the context manager once one is registered. @returns the undo */
function onManager(callback: (manager: Manager) => void): () => void {
  let forgetManager: () => void = () => undefined;
  const forgetRegistry = onProperty(globalThis as { [GLOBAL_API]?: Registry }, GLOBAL_API, (registry) => {
    forgetManager = onProperty(registry, 'context', callback);
  });
  return () => {
    forgetRegistry();
    forgetManager();
  };
}

/**
 * Makes a context the one in which everything of this thread runs that has none of its own: the main script, what it
 * awaits and starts. It ends when this process begins to listen on a server: from then on it serves, and works for whoever
 * asks, not for whoever started it.
 * @param read may be called again while it finds no trace: the propagator may be registered later than this
 * @returns the undo, for whoever finds out earlier that this process works for others
 */
export function startIn(read: () => Context): () => void {
  const start = new StartContext(read);
  let lift: () => void = () => undefined;
  const forget = onManager((manager) => {
    lift = lay(manager, start);
  });
  const end = (): void => {
    start.end();
    forget();
    lift();
    unsubscribe(LISTEN, end);
  };
  subscribe(LISTEN, end);
  return end;
}
