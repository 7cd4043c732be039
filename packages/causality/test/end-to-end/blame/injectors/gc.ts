import { setImmediate } from 'node:timers/promises';
import type { Injector, Stretch } from '../injector.ts';
import { starvedMs } from './burn.ts';

/** Objects that each collection has to visit: some 30 ms. */
const BALLAST = 300_000;

const ballast: object[] = [];

/** Collections one after the other, in turns of their own. */
export const gc: Injector = {
  cause: 'gc',
  async prepare(): Promise<void> {
    for (let index = 0; index < BALLAST; index++) ballast.push({ index, next: ballast.at(-1) });
  },
  async inject(ms) {
    const collect = globalThis.gc as unknown as () => void;
    const stretches: Stretch[] = [];
    for (let leftMs = ms; leftMs > 0; ) {
      const before = starvedMs();
      const startMs = performance.now();
      collect();
      const endMs = performance.now();
      stretches.push({ cause: 'gc', startMs, endMs, starvedMs: starvedMs() - before });
      leftMs -= endMs - startMs;
      await setImmediate();
    }
    return { stretches };
  },
};
