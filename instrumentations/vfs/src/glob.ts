import { type AnyFunction, guard, type Patch } from '@sonde/instrumentation-kit';
import type { OperationDefinition } from './operations.ts';
import type { Call, Recorder } from './recorder.ts';
import { createOperation } from './series.ts';
import type { Wrap } from './sync-wrapper.ts';

/** An iteration, of which only the time spent waiting for steps counts, not the application's between them. */
interface Iteration {
  readonly recorder: Recorder;
  /** For the time of one step: an iterator that is dropped half-way must not stay in flight for ever. */
  readonly begin: () => Call | undefined;
  busyMs: number;
  isOver: boolean;
}

/** Ends what a step began: the whole iteration with its last step. */
function end(iteration: Iteration, call: Call, isLast: boolean, thrown?: { readonly error: unknown }): void {
  const { recorder } = iteration;
  const nowMs = recorder.now();
  iteration.busyMs += nowMs - call.startMs;
  if (!isLast || iteration.isOver) {
    recorder.withdraw(call);
    return;
  }
  iteration.isOver = true;
  call.startMs = nowMs - iteration.busyMs;
  if (thrown === undefined) recorder.succeeded(call, undefined);
  else recorder.failed(call, thrown.error);
}

/** One step: runs as a part of the operation, so that what it calls of the public API is not counted. */
async function step(iteration: Iteration, call: Call, start: () => unknown): Promise<unknown> {
  try {
    const result = (await iteration.recorder.nesting.run(start)) as { done?: boolean };
    end(iteration, call, result.done === true);
    return result;
  } catch (error) {
    end(iteration, call, true, { error });
    throw error;
  }
}

function observeIterator(iterator: object, iteration: Iteration): void {
  for (const key of ['next', 'return', 'throw']) {
    const original = Reflect.get(iterator, key) as AnyFunction;
    const value = function (this: unknown, ...args: unknown[]): unknown {
      const call = iteration.begin();
      const start = (): unknown => Reflect.apply(original, this, args);
      return call === undefined ? start() : step(iteration, call, start);
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
  return (original: AnyFunction, patch: Patch) =>
    ({
      wrapper(this: unknown, ...args: unknown[]): unknown {
        const iterator = Reflect.apply(original, this, args);
        const begin = (): Call | undefined => recorder.begin(operation, patch, this, args);
        const iteration: Iteration = { recorder, begin, busyMs: 0, isOver: false };
        if (patch.active) guard('instrumentation-vfs', () => observeIterator(iterator, iteration), undefined);
        return iterator;
      },
    }).wrapper;
}
