import type { AnyFunction } from '@sonde/instrumentation-kit';
import type { OperationDefinition } from './operations.ts';
import type { Call, Recorder } from './recorder.ts';
import { createOperation } from './series.ts';
import type { Wrap } from './sync-wrapper.ts';

/** The steps of one iteration taken together. */
interface Iteration {
  readonly call: Call;
  /** Time spent waiting for steps: the application's own time between them does not count. */
  busyMs: number;
}

function settle(iteration: Iteration, recorder: Recorder, error?: { readonly thrown: unknown }): void {
  iteration.call.startMs = recorder.now() - iteration.busyMs;
  if (error === undefined) recorder.succeeded(iteration.call, undefined);
  else recorder.failed(iteration.call, error.thrown);
}

/** One step: runs as a part of the operation, so that what it calls of the public API is not counted. */
async function step(iteration: Iteration, recorder: Recorder, start: () => unknown): Promise<unknown> {
  const { nesting, now } = recorder;
  const startMs = now();
  try {
    const result = (await nesting.run(start)) as { done?: boolean };
    iteration.busyMs += now() - startMs;
    if (result.done === true) settle(iteration, recorder);
    return result;
  } catch (thrown) {
    iteration.busyMs += now() - startMs;
    settle(iteration, recorder, { thrown });
    throw thrown;
  }
}

function observeIterator(iterator: object, call: Call, recorder: Recorder): void {
  const iteration: Iteration = { call, busyMs: 0 };
  for (const key of ['next', 'return', 'throw']) {
    const original = Reflect.get(iterator, key) as AnyFunction;
    const value = function (this: unknown, ...args: unknown[]): unknown {
      return step(iteration, recorder, () => Reflect.apply(original, this, args));
    };
    Object.defineProperty(iterator, key, { value, writable: true, configurable: true });
  }
}

/**
 * Wraps `fs.promises.glob`, which returns an async generator: one operation from the first step to the last, however
 * many directories it reads. One that is dropped half-way is never counted.
 */
export function observeGlob(definition: OperationDefinition, recorder: Recorder): Wrap {
  const operation = createOperation(definition, 'promise');
  return (original, patch) =>
    ({
      wrapper(this: unknown, ...args: unknown[]): unknown {
        const iterator = Reflect.apply(original, this, args);
        const call = recorder.begin(operation, patch, this, args);
        if (call !== undefined) observeIterator(iterator, call, recorder);
        return iterator;
      },
    }).wrapper;
}
