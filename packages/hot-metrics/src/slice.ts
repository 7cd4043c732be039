import { setImmediate } from 'node:timers';

/** Longest stretch of synchronous work, and after how many steps the clock is looked at. */
const SLICE_MS = 2;
const STEPS_PER_LOOK = 64;

/**
 * Cuts long work into slices of about 2 ms, so that the event loop gets its turns. `setImmediate` is taken at load time,
 * so that fake timers of a test do not stop a collection.
 */
export class Slice {
  #steps = 0;
  #since = performance.now();

  /** One more step is done: is it time to yield? */
  isOver(): boolean {
    this.#steps++;
    return this.#steps % STEPS_PER_LOOK === 0 && performance.now() - this.#since >= SLICE_MS;
  }

  async yield(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#since = performance.now();
  }
}
