import type { AnyFunction, Observation } from '@sonde/instrumentation-kit';
import { type Call, type Recorder, startObserved } from './recorder.ts';
import type { Operation } from './series.ts';
import type { Wrap } from './sync-wrapper.ts';

/** Runs `work` at another depth. */
function atDepth<T>(depth: number, observation: Observation, work: () => T): T {
  const outer = observation.depth;
  observation.depth = depth;
  try {
    return work();
  } finally {
    observation.depth = outer;
  }
}

/** What is handed to the original in place of the application's callback. */
function completion(call: Call, recorder: Recorder, callback: AnyFunction): AnyFunction {
  const { observation, nesting } = recorder;
  const { hasNoError, compound } = call.operation;
  return function (this: unknown, ...results: unknown[]): unknown {
    const error = hasNoError === true ? undefined : results[0];
    // Node.js passes null (or, seldom, undefined) for success; any other value is the application's to judge.
    if (error === null || error === undefined) recorder.succeeded(call, results[1]);
    else recorder.failed(call, error);
    // The callback is application code again: at depth 0, and outside of any compound operation.
    if (observation.depth === 0 && compound !== true) return Reflect.apply(callback, this, results);
    const run = (): unknown => Reflect.apply(callback, this, results);
    return atDepth(0, observation, compound === true ? () => nesting.leave(run) : run);
  };
}

/**
 * Keeps what a nested operation calls on completion nested: `writeFile` calls `open`, and in its callback `write`.
 */
function nested(callback: AnyFunction, observation: Observation): AnyFunction {
  return function (this: unknown, ...results: unknown[]): unknown {
    return atDepth(observation.depth + 1, observation, () => Reflect.apply(callback, this, results));
  };
}

/** Position of the last function, -1 without one: nearly always the last argument. */
function lastFunction(args: readonly unknown[]): number {
  let index = args.length - 1;
  while (index >= 0 && typeof args[index] !== 'function') index -= 1;
  return index;
}

/** Puts our functions in the place of the application's, in an array of arguments that is our own. */
function replaceFunctions(args: unknown[], last: number, replacement: (callback: AnyFunction) => AnyFunction): void {
  for (let index = last; index >= 0; index--) {
    const argument = args[index];
    if (typeof argument === 'function') args[index] = replacement(argument as AnyFunction);
  }
}

/**
 * Wraps a function that takes a callback. Without a callback the original is left to throw as it does. Where two
 * arguments are functions it depends on the function which of them counts, so each of them ends the operation.
 */
export function observeCallback(operation: Operation, recorder: Recorder): Wrap {
  const { observation } = recorder;
  return (original, patch) =>
    function (this: unknown, ...args: unknown[]): unknown {
      const last = patch.active ? lastFunction(args) : -1;
      if (last === -1) return Reflect.apply(original, this, args);
      if (observation.depth !== 0) {
        replaceFunctions(args, last, (callback) => nested(callback, observation));
        return Reflect.apply(original, this, args);
      }
      const call = recorder.begin(operation, patch, this, args);
      if (call === undefined) return Reflect.apply(original, this, args);
      replaceFunctions(args, last, (callback) => completion(call, recorder, callback));
      return startObserved(call, recorder, original, this, args);
    };
}
