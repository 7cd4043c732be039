import { type Call, type Recorder, startObserved } from './recorder.ts';
import type { Operation } from './series.ts';
import type { Wrap } from './sync-wrapper.ts';

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/**
 * Follows what an operation returned to its end: a promise, or, from somebody's own implementation, a value. What is
 * handed on is `promise.then(...)`, one microtask later than the promise itself:
 * BAD: returning the promise and watching it on the side: an unhandled rejection would then be handled, by us.
 * GOOD: the application's promise is the last of the chain, and its rejection goes unhandled if nobody handles it.
 * @param adopt sees the value before the application does
 */
export function follow(result: unknown, call: Call, recorder: Recorder, adopt?: (value: unknown) => void): unknown {
  if (!isThenable(result)) {
    recorder.succeeded(call, result);
    return result;
  }
  return result.then(
    (value) => {
      recorder.succeeded(call, value);
      adopt?.(value);
      return value;
    },
    (error) => {
      recorder.failed(call, error);
      throw error;
    },
  );
}

/** Wraps a function that returns a promise. Methods only: functions of `fs.promises` have no `prototype` either. */
export function observePromise(operation: Operation, recorder: Recorder, adopt?: (value: unknown) => void): Wrap {
  return (original, patch) =>
    ({
      wrapper(this: unknown, ...args: unknown[]): unknown {
        const call = recorder.begin(operation, patch, this, args);
        if (call === undefined) return Reflect.apply(original, this, args);
        const result = startObserved(call, recorder, original, this, args);
        return follow(result, call, recorder, adopt);
      },
    }).wrapper;
}
