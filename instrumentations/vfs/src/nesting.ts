import { AsyncLocalStorage } from 'node:async_hooks';
import { shared } from '@sonde/event-stream';

/**
 * Marks what runs on behalf of a compound operation (cp, rm, realpath, truncate, ...): Node.js writes these in terms of its own
 * public API and calls it in later turns, after timers, ticks and awaits, where no depth on the stack tells.
 */
export interface Nesting {
  /** Compound operations in flight; while it is 0 nobody needs to ask further. */
  inFlight: number;
  /** Whether the code that runs now belongs to one. Some 10 ns. */
  isInside(): boolean;
  /** Runs the start of one. */
  run<T>(work: () => T): T;
  /** Runs the application's callback at its end, outside again. */
  leave<T>(work: () => T): T;
}

/** The nesting of this thread. */
export function nesting(): Nesting {
  return shared('vfs.nesting', () => {
    const marker = new AsyncLocalStorage<true | undefined>();
    return {
      inFlight: 0,
      isInside: () => marker.getStore() === true,
      run: (work) => marker.run(true, work),
      leave: (work) => marker.run(undefined, work),
    };
  });
}
