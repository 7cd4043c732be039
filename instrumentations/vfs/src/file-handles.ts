import { type AnyFunction, guard, impersonate, type Patch, type Patches } from '@sonde/instrumentation-kit';
import { FILE_HANDLE_OPERATIONS, HANDLE_CLOSE, type OperationDefinition } from './operations.ts';
import { follow, observePromise } from './promise-wrapper.ts';
import { type Recorder, startObserved } from './recorder.ts';
import { createOperation, type Operation } from './series.ts';
import { descriptorOf } from './targets.ts';

/**
 * Makes FileHandles observed. Their class is not exported, so its prototype is patched when the first one comes by;
 * `close` is an own property of each, so that it has to be replaced on each.
 */
export interface FileHandles {
  /** Takes a handle that the application is about to get. Never throws. */
  adopt(handle: unknown): void;
  /** Lets go of those that are open: from then on they only call their own `close`. */
  release(): void;
}

/**
 * Wraps one handle's `close`. It counts once: while a stream still uses the handle, further calls return the promise of
 * the first, and so do ours; a closed handle has nothing left to count.
 */
function observeClose(original: AnyFunction, operation: Operation, recorder: Recorder, patch: Patch): AnyFunction {
  let closing: { readonly theirs: unknown; readonly ours: unknown } | undefined;
  const wrapper = function (this: unknown, ...args: unknown[]): unknown {
    const isFirst = closing === undefined && descriptorOf(this) >= 0;
    const call = isFirst ? recorder.begin(operation, patch, this, args) : undefined;
    if (call === undefined) {
      const promise = Reflect.apply(original, this, args);
      return promise === closing?.theirs ? closing?.ours : promise;
    }
    const theirs = startObserved(call, recorder, original, this, args);
    const ours = follow(theirs, call, recorder);
    closing = { theirs, ours };
    return ours;
  };
  impersonate(wrapper, original);
  return wrapper;
}

/** Creates the adopter; prototypes are patched through `patches` and so come off with them. */
export function createFileHandles(
  patches: Patches,
  recorder: Recorder,
  isWanted: (definition: OperationDefinition) => boolean,
): FileHandles {
  const prototypes = new WeakSet<object>();
  const patch: Patch = { active: true };
  const close = createOperation(HANDLE_CLOSE, 'promise');
  const operations = FILE_HANDLE_OPERATIONS.filter(isWanted).map((definition) =>
    createOperation(definition, 'promise'),
  );

  const adoptPrototype = (prototype: object): void => {
    if (prototypes.has(prototype)) return;
    prototypes.add(prototype);
    for (const operation of operations) {
      patches.wrap(prototype, operation.key ?? operation.name, observePromise(operation, recorder));
    }
  };

  const adopt = (handle: object): void => {
    adoptPrototype(Object.getPrototypeOf(handle));
    if (!isWanted(HANDLE_CLOSE)) return;
    const descriptor = Object.getOwnPropertyDescriptor(handle, 'close');
    if (typeof descriptor?.value !== 'function') return;
    const value = observeClose(descriptor.value, close, recorder, patch);
    Object.defineProperty(handle, 'close', { ...descriptor, value });
  };

  return {
    release(): void {
      patch.active = false;
    },
    adopt(handle): void {
      if (typeof handle === 'object' && handle !== null) guard('instrumentation-vfs', () => adopt(handle), undefined);
    },
  };
}
