import Module from 'node:module';
import { type Context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { createPatches, type Patches } from '@sonde/instrumentation-kit';
import { storingManager } from './context-storage.ts';

interface RunnableModule {
  runMain?: unknown;
}

/**
 * The context in which a worker was started. Its main script, and what that starts, runs in it, until the worker receives
 * its first message: from then on it is one that is told by messages what to do, each brings its own context, and nothing
 * more belongs to whoever happened to start it, not even timers that its main script had set.
 */
export class StartContext implements Context {
  readonly #inner: Context;
  #isOver = false;
  #undo: (() => void) | undefined;
  readonly #patches: Patches = createPatches();

  constructor(inner: Context) {
    this.#inner = inner;
  }

  /** Undefined when no trace was active at the start. */
  static of(inner: Context | undefined): StartContext | undefined {
    return inner !== undefined && trace.getSpanContext(inner) !== undefined ? new StartContext(inner) : undefined;
  }

  getValue(key: symbol): unknown {
    return this.#isOver ? undefined : this.#inner.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return (this.#isOver ? ROOT_CONTEXT : this.#inner).setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return (this.#isOver ? ROOT_CONTEXT : this.#inner).deleteValue(key);
  }

  /**
   * Makes it what is active where nothing else is. The main script is evaluated where nothing of a preload can reach with
   * an asynchronous context (`--import` awaits what it loads), so the context manager is asked to name this one instead.
   */
  begin(): void {
    const attempt = (): void => this.#install();
    attempt();
    if (this.#undo !== undefined) return;
    // The SDK registers its context manager after it has enabled its instrumentations: in the same turn, but a main
    // script that is CommonJS behind `--require` runs in that turn as well.
    queueMicrotask(attempt);
    setImmediate(attempt).unref();
    this.#patches.wrap(Module as RunnableModule, 'runMain', (original, patch) => {
      return function runMain(this: unknown, ...args: unknown[]): unknown {
        if (patch.active) attempt();
        return Reflect.apply(original, this, args);
      };
    });
  }

  /** Nothing continues it any more. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#undo?.();
    this.#undo = undefined;
    this.#patches.restore();
  }

  #install(): void {
    if (this.#isOver || this.#undo !== undefined) return;
    const manager = storingManager();
    if (manager === undefined) return;
    const { active } = manager;
    const storage = manager._asyncLocalStorage;
    const start = this;
    const activeOrStart = function (this: unknown): Context {
      return storage.getStore() === undefined ? start : Reflect.apply(active, this, []);
    };
    const before = Object.getOwnPropertyDescriptor(manager, 'active');
    Object.defineProperty(manager, 'active', { value: activeOrStart, configurable: true, writable: true });
    this.#undo = () => {
      if (Object.getOwnPropertyDescriptor(manager, 'active')?.value !== activeOrStart) return;
      if (before === undefined) Reflect.deleteProperty(manager, 'active');
      else Object.defineProperty(manager, 'active', before);
    };
  }
}
