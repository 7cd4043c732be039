import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { type AnyFunction, noteWait, type Patches } from '@sonde/instrumentation-kit';
import type { Surroundings } from '../part.ts';
import { ATTRIBUTE } from '../semantic-names.ts';

/** The script of a worker of piscina 4 and 5. */
const WORKER_FILE = /[\\/]piscina[^\\/]*[\\/]dist[\\/]worker\.js$/;
const POOL_FILE = join('worker_pool', 'index.js');
export const PISCINA_SYSTEM = 'piscina';

/** A task as piscina queues it: an `AsyncResource` that was created where the task was. */
interface Task {
  readonly runInAsyncScope: AnyFunction;
  /** `performance.now()`. */
  readonly created?: unknown;
  readonly filename?: unknown;
}

interface PoolModule {
  readonly WorkerInfo?: { readonly prototype: { postTask?: unknown } };
}

const now = performance.now.bind(performance);
const { cache } = createRequire(import.meta.url);

function isTask(value: unknown): value is Task {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'runInAsyncScope') === 'function';
}

/**
 * Lets piscina post each task in the context in which it was created. Piscina posts from its queue in the context of
 * whoever has just freed a worker, which is that of another request.
 *
 * Its module is found when it starts its first worker, in the cache of `require`: it must be there by then, however the
 * application has loaded it (its ESM entry imports the CommonJS build), and hooks of module loaders that do not see all
 * the ways to load it are not needed.
 */
export class Piscina {
  readonly #patches: Patches;
  readonly #wait: Surroundings['instruments']['queueWait'];
  readonly #seen = new Set<string>();

  constructor(patches: Patches, instruments: Surroundings['instruments']) {
    this.#patches = patches;
    this.#wait = instruments.queueWait;
  }

  /** A worker is about to be started. */
  onStart(script: unknown): void {
    if (typeof script !== 'string' || !WORKER_FILE.test(script) || this.#seen.has(script)) return;
    this.#seen.add(script);
    const { WorkerInfo } = (cache[join(dirname(script), POOL_FILE)]?.exports ?? {}) as PoolModule;
    if (WorkerInfo === undefined) return;
    const posted = this.#posted;
    this.#patches.wrap(WorkerInfo.prototype, 'postTask', (original, patch) => {
      return function postTask(this: unknown, ...args: unknown[]): unknown {
        const [task] = args;
        if (!patch.active || !isTask(task)) return Reflect.apply(original, this, args);
        return task.runInAsyncScope(posted, this, task, original, args);
      };
    });
  }

  /** Inside the context of the task, and with the `this` of the worker. */
  get #posted(): AnyFunction {
    const wait = this.#wait;
    return function posted(this: unknown, task: Task, original: AnyFunction, args: unknown[]): unknown {
      const { created, filename } = task;
      const nowMs = now();
      if (typeof created === 'number' && created <= nowMs) {
        noteWait('ipc_queue', created, nowMs);
        const destination = typeof filename === 'string' ? basename(filename) : 'unknown';
        const names = { [ATTRIBUTE.system]: PISCINA_SYSTEM, [ATTRIBUTE.destination]: destination };
        wait.bind(names).record((nowMs - created) / 1000);
      }
      return Reflect.apply(original, this, args);
    };
  }
}
