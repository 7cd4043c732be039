import { type AnyFunction, guard, type Patches } from '@sonde/instrumentation-kit';
import { observeCallback } from './callback-wrapper.ts';
import { DIRECTORY_CLOSE, DIRECTORY_READ, type OperationDefinition } from './operations.ts';
import { follow, observePromise } from './promise-wrapper.ts';
import { type Call, type Recorder, startObserved } from './recorder.ts';
import { createOperation } from './series.ts';
import { observeSync, type Wrap } from './sync-wrapper.ts';

/** A method that calls back when given a callback and else returns a promise. */
function observeEither(definition: OperationDefinition, recorder: Recorder): Wrap {
  const callback = observeCallback(createOperation(definition, 'callback'), recorder);
  const promise = observePromise(createOperation(definition, 'promise'), recorder);
  return (original, patch) => {
    const viaCallback = callback(original, patch);
    const viaPromise = promise(original, patch);
    return {
      wrapper(this: unknown, ...args: unknown[]): unknown {
        return Reflect.apply(typeof args[0] === 'function' ? viaCallback : viaPromise, this, args);
      },
    }.wrapper;
  };
}

/** Counts each step of an iteration as one read: iterating does not go through the public `read`. */
function observeSteps(iterator: { next: AnyFunction }, begin: () => Call | undefined, recorder: Recorder): void {
  const original = iterator.next;
  const next = function (this: unknown, ...args: unknown[]): unknown {
    const call = begin();
    if (call === undefined) return Reflect.apply(original, this, args);
    const step = startObserved(call, recorder, original, this, args);
    return follow(step, call, recorder);
  };
  Object.defineProperty(iterator, 'next', { value: next, writable: true, configurable: true });
}

/** What patching directories needs. */
export interface DirectoryParts {
  readonly patches: Patches;
  readonly recorder: Recorder;
  readonly isWanted: (definition: OperationDefinition) => boolean;
}

/** Patches the prototype of `fs.Dir`. */
export function observeDirectories(prototype: object, { patches, recorder, isWanted }: DirectoryParts): void {
  for (const definition of [DIRECTORY_READ, DIRECTORY_CLOSE].filter(isWanted)) {
    const key = definition.key as string;
    patches.wrap(prototype, key, observeEither(definition, recorder));
    patches.wrap(prototype, `${key}Sync`, observeSync(createOperation(definition, 'sync'), recorder));
  }
  if (isWanted(DIRECTORY_READ)) observeIteration(prototype, patches, recorder);
}

/** `entries` and the async iterator are one function, and stay one. */
function observeIteration(prototype: object, patches: Patches, recorder: Recorder): void {
  const wrappers = new Map<AnyFunction, AnyFunction>();
  const operation = createOperation(DIRECTORY_READ, 'promise');
  const wrapEntries: Wrap = (original, patch) => {
    const known = wrappers.get(original);
    if (known !== undefined) return known;
    const { entries } = {
      entries(this: unknown, ...args: unknown[]): unknown {
        const iterator = Reflect.apply(original, this, args);
        const begin = (): Call | undefined => recorder.begin(operation, patch, this, args);
        if (patch.active) guard('instrumentation-vfs', () => observeSteps(iterator, begin, recorder), undefined);
        return iterator;
      },
    };
    wrappers.set(original, entries);
    return entries;
  };
  patches.wrap(prototype, 'entries', wrapEntries);
  patches.wrap(prototype, Symbol.asyncIterator, wrapEntries);
}
