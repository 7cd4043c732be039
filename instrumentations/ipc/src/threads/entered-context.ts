import { executionAsyncResource } from 'node:async_hooks';
import { type Context, context } from '@opentelemetry/api';
import { type StoringManager, storingManager } from './context-storage.ts';

/**
 * Where the storage keeps its value on a resource, while it is built on async_hooks (Node 22); undefined where it is built
 * on V8's own continuation data (24 and later), which end with the job that set them.
 */
interface HookedStorage {
  readonly kResourceStore?: symbol;
}

type Resource = Record<symbol, unknown>;

/** The context that somebody has entered, and how to leave it. */
interface Entered {
  readonly manager: StoringManager;
  readonly active: Context;
  readonly before: Context | undefined;
  readonly resource: Resource | undefined;
  readonly key: symbol | undefined;
}

/** Takes back what was entered, unless something else is active by now. */
function leave({ manager, active, before, resource, key }: Entered): void {
  if (resource === undefined || key === undefined) {
    // The end of the job in which it was entered has left it already: then another one is active.
    const storage = manager._asyncLocalStorage;
    if (storage.getStore() === active) storage.enterWith(before as Context);
  } else if (resource[key] === active) resource[key] = before;
}

/**
 * Makes contexts active for what comes next in the same synchronous run, which no function encloses: a loop over
 * `receiveMessageOnPort`.
 */
export class EnteredContext {
  #entered: Entered | undefined;
  #isScheduled = false;
  readonly #left: () => void;
  readonly #endOfTurn = (): void => {
    this.#isScheduled = false;
    const entered = this.#entered;
    this.#entered = undefined;
    if (entered === undefined) return;
    // Without a resource it has ended with its job.
    if (entered.resource !== undefined) leave(entered);
    this.#left();
  };

  /** @param left called when what was entered is over */
  constructor(left: () => void) {
    this.#left = left;
  }

  /** What was entered and is active still. */
  get active(): Context | undefined {
    const entered = this.#entered;
    return entered !== undefined && context.active() === entered.active ? entered.active : undefined;
  }

  /** False where the context manager is not one that can be told so. */
  enter(active: Context): boolean {
    const manager = storingManager();
    if (manager === undefined) return false;
    // One after the other in a loop, or in another run of the same turn: each is left where it was entered.
    this.leave();
    const storage = manager._asyncLocalStorage;
    const key = (storage as HookedStorage).kResourceStore;
    const resource = key === undefined ? undefined : (executionAsyncResource() as Resource);
    this.#entered = { manager, active, before: storage.getStore(), resource, key };
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      // Before it is entered: the end of the turn is nobody's.
      process.nextTick(this.#endOfTurn);
    }
    storage.enterWith(active);
    return true;
  }

  /** The loop has come to its end. */
  leave(): void {
    const entered = this.#entered;
    this.#entered = undefined;
    if (entered === undefined) return;
    leave(entered);
    this.#left();
  }
}
