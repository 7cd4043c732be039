import { HEAD, WAITERS } from './layout.ts';
import type { Ring } from './ring.ts';

/**
 * Wakes a reader that ran out of records. Waiting is a promise nobody but the stream knows, so it keeps no process
 * alive, and it costs writers one look at a flag for each batch.
 */
export class Doorbell {
  readonly #armed = new Set<Ring>();
  #resolve: (() => void) | undefined;
  #promise: Promise<void> | undefined;

  /** Settles at the next `ring`. */
  wait(): Promise<void> {
    this.#promise ??= new Promise((resolve) => {
      this.#resolve = resolve;
    });
    return this.#promise;
  }

  readonly ring = (): void => {
    const resolve = this.#resolve;
    this.#resolve = undefined;
    this.#promise = undefined;
    resolve?.();
  };

  /** Rings once when another thread's ring has more than the `seen` records; at once when it has them already. */
  watch(ring: Ring, seen: number): void {
    if (this.#armed.has(ring) || ring.hasEnded) {
      return;
    }
    Atomics.store(ring.header, WAITERS, 1);
    const outcome = Atomics.waitAsync(ring.header, HEAD, seen | 0);
    if (!outcome.async) {
      this.ring();
      return;
    }
    this.#armed.add(ring);
    void outcome.value.then(() => {
      this.#armed.delete(ring);
      this.ring();
    });
  }
}
