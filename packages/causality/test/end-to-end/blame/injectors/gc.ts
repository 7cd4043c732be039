import { setImmediate } from 'node:timers/promises';
import type { Injector, Stretch } from '../injector.ts';

/** Objects that each collection has to visit: some 30 ms. */
const BALLAST = 300_000;

const ballast: object[] = [];

/**
 * Collections one after the other, in turns of their own. All of their time is theirs: V8 collects with several threads,
 * and for those of its own the main thread stands in the run queue for up to two thirds of a collection.
 */
export const gc: Injector = {
  cause: 'gc',
  async prepare(): Promise<void> {
    for (let index = 0; index < BALLAST; index++) ballast.push({ index, next: ballast.at(-1) });
  },
  async inject(ms) {
    const collect = globalThis.gc as unknown as () => void;
    const stretches: Stretch[] = [];
    for (let leftMs = ms; leftMs > 0; ) {
      const startMs = performance.now();
      collect();
      const endMs = performance.now();
      stretches.push({ cause: 'gc', startMs, endMs });
      leftMs -= endMs - startMs;
      await setImmediate();
    }
    return { stretches };
  },
};
