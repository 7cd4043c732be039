import type { AnyFunction, Observation } from '@sonde/instrumentation-kit';
import { type Call, type Recorder, startObserved } from './recorder.ts';
import type { Operation } from './series.ts';
import type { Wrap } from './sync-wrapper.ts';

/** Runs a callback as application code: at depth 0, and outside of any compound operation. */
function runOutside(call: Call, recorder: Recorder, callback: () => unknown): unknown {
  const { observation, nesting } = recorder;
  const work = call.operation.compound === true ? (): unknown => nesting.leave(callback) : callback;
  const outer = observation.depth;
  if (outer === 0) return work();
  observation.depth = 0;
  try {
    return work();
  } finally {
    observation.depth = outer;
  }
}

/** What is handed to the original in place of the application's callback. */
function completion(call: Call, recorder: Recorder, callback: AnyFunction): AnyFunction {
  return function (this: unknown, ...results: unknown[]): unknown {
    const error = call.operation.hasNoError === true ? undefined : results[0];
    // Node.js passes null (or, seldom, undefined) for success; any other value is the application's to judge.
    if (error === null || error === undefined) recorder.succeeded(call, results[1]);
    else recorder.failed(call, error);
    return runOutside(call, recorder, () => Reflect.apply(callback, this, results));
  };
}

/**
 * Keeps what a nested operation calls on completion nested: `writeFile` calls `open`, and in its callback `write`.
 * Other arguments pass as they are.
 */
function continueNested(args: readonly unknown[], observation: Observation): unknown[] {
  return args.map((argument) => {
    if (typeof argument !== 'function') return argument;
    return function (this: unknown, ...results: unknown[]): unknown {
      const outer = observation.depth;
      observation.depth = outer + 1;
      try {
        return Reflect.apply(argument, this, results);
      } finally {
        observation.depth = outer;
      }
    };
  });
}

/**
 * Wraps a function that takes a callback. Without a callback the original is left to throw as it does. Where two
 * arguments are functions it depends on the function which of them counts, so each of them ends the operation.
 */
export function observeCallback(operation: Operation, recorder: Recorder): Wrap {
  const { observation } = recorder;
  return (original, patch) =>
    function (this: unknown, ...args: unknown[]): unknown {
      if (!patch.active) return Reflect.apply(original, this, args);
      if (observation.depth !== 0) return Reflect.apply(original, this, continueNested(args, observation));
      const hasCallback = args.some((argument) => typeof argument === 'function');
      const call = hasCallback ? recorder.begin(operation, patch, this, args) : undefined;
      if (call === undefined) return Reflect.apply(original, this, args);
      const observed = args.map((argument) =>
        typeof argument === 'function' ? completion(call, recorder, argument as AnyFunction) : argument,
      );
      return startObserved(call, recorder, () => Reflect.apply(original, this, observed));
    };
}
