import { clearTimeout, setTimeout } from 'node:timers';
import { type Reports, reasonOf } from './reports.ts';
import type { ObserveCallback } from './types.ts';

/** How long unfinished callbacks hold up a collection if the reader names no time. */
const DEFAULT_TIMEOUT_MS = 1000;

interface Observer {
  readonly scope: string;
  readonly callback: ObserveCallback;
}

/** The callbacks that refresh sampled values. Each is guarded by itself. */
export class Observers {
  readonly #observers = new Set<Observer>();
  readonly #reports: Reports;

  constructor(reports: Reports) {
    this.#reports = reports;
  }

  get size(): number {
    return this.#observers.size;
  }

  add(scope: string, callback: ObserveCallback): () => void {
    const observer = { scope, callback };
    this.#observers.add(observer);
    return () => {
      this.#observers.delete(observer);
    };
  }

  /**
   * Runs all callbacks. Returns a promise only if some are unfinished; it resolves when they are or time is up, and what
   * is late shows in the next collection.
   */
  run(timeoutMs: number = DEFAULT_TIMEOUT_MS): Promise<void> | undefined {
    const pending: Promise<void>[] = [];
    for (const observer of [...this.#observers]) {
      try {
        const result = observer.callback();
        if (isThenable(result)) pending.push(Promise.resolve(result).catch((error) => this.#failed(observer, error)));
      } catch (error) {
        this.#failed(observer, error);
      }
    }
    return pending.length === 0 ? undefined : settledWithin(pending, timeoutMs);
  }

  #failed({ scope, callback }: Observer, error: unknown): void {
    this.#reports.callbackErrors++;
    const name = callback.name === '' ? 'an observe callback' : `observe callback ${callback.name}`;
    this.#reports.warnOnce(`observe ${scope} ${callback.name}`, `meter ${scope}: ${name} failed: ${reasonOf(error)}`);
  }
}

function isThenable(value: unknown): value is PromiseLike<void> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/** Waits for all of them, but no longer than that. The timer keeps the process alive, so that a last collection ends. */
export async function settledWithin(pending: readonly Promise<void>[], timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([Promise.all(pending), timeout]);
  clearTimeout(timer);
}
