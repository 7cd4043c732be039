import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import type { Injector, Stretch } from '../injector.ts';
import { starvedMs } from './burn.ts';

/** Objects that each collection has to visit: some 30 ms. */
const BALLAST = 300_000;

const ballast: object[] = [];
const collect = globalThis.gc as unknown as () => void;

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

/** Objects that a step adds to those that live, and how many steps they do: each has to be copied out of the young space. */
const STEP = 20_000;
const LIFE = 40;
const MAX_STEPS = 5000;

function createGarbage(): object {
  let last: object = {};
  for (let index = 0; index < STEP; index++) last = { last, index };
  return last;
}

/** Collections because of what the request allocates; the rest of the time it allocates. */
export const heapChurn: Injector = {
  cause: 'gc',
  async inject(ms) {
    const stretches: Stretch[] = [];
    const observer = new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries())
        stretches.push({ cause: 'gc', startMs: startTime, endMs: startTime + duration });
    });
    observer.observe({ entryTypes: ['gc'] });
    const before = starvedMs();
    const startMs = performance.now();
    const collectedMs = (): number => stretches.reduce((sum, one) => sum + one.endMs - one.startMs, 0);
    const living: object[] = [];
    for (let step = 0; step < MAX_STEPS && collectedMs() < ms; step++) {
      living[step % LIFE] = createGarbage();
      await setImmediate();
    }
    // V8 would go on with a collection that it has begun some time later, in whatever the request waits for then.
    collect();
    const endMs = performance.now();
    const waitedMs = starvedMs() - before;
    // Entries are told within two turns.
    for (let turn = 0; turn < 3; turn++) await setImmediate();
    observer.disconnect();
    // What it waited for a CPU beyond collections, as above.
    const starved = Math.max(0, waitedMs - collectedMs());
    return { stretches: [...stretches, { cause: 'own_turn', startMs, endMs, starvedMs: starved }] };
  },
};
