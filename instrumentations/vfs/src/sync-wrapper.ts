import type { AnyFunction, Patch } from '@sonde/instrumentation-kit';
import { type Recorder, startObserved } from './recorder.ts';
import type { Operation } from './series.ts';

/** Makes the wrapper of one function; see `Patches.wrap`. */
export type Wrap = (original: AnyFunction, patch: Patch) => AnyFunction;

/** Operations that only look or change names: no bytes, no descriptors, the path comes first. */
function isPlain({ bytes, descriptor, target }: Operation): boolean {
  return bytes === undefined && descriptor === undefined && target === undefined;
}

/**
 * stat, exists, access, ...: they take a microsecond, so that here each nanosecond counts, and two readings of the clock
 * would be most of the cost. Those that were quick last time are therefore timed now and then only (see `syncSampling`).
 */
// biome-ignore-start lint/complexity/noArguments: rest parameters are an array for each call, `arguments` is forwarded as it is, with its count
function wrapPlain(operation: Operation, recorder: Recorder, original: AnyFunction, patch: Patch): AnyFunction {
  const { observation, now, isHidden, countUntimed } = recorder;
  return function (this: unknown, path: unknown): unknown {
    if (observation.depth !== 0 || !patch.active || isHidden()) return original.apply(this, arguments as never);
    const isTimed = !countUntimed(operation, path);
    const startMs = isTimed ? now() : Number.NaN;
    let result: unknown;
    observation.depth = 1;
    try {
      result = original.apply(this, arguments as never);
    } catch (error) {
      observation.depth = 0;
      recorder.threw(operation, path, startMs, error);
      throw error;
    }
    observation.depth = 0;
    if (isTimed) recorder.returned(operation, path, startMs, now());
    return result;
  };
}
// biome-ignore-end lint/complexity/noArguments: as above

/** Those that move bytes, or open or close something. */
function wrapOther(operation: Operation, recorder: Recorder, original: AnyFunction, patch: Patch): AnyFunction {
  return function (this: unknown, ...args: unknown[]): unknown {
    const call = recorder.begin(operation, patch, this, args);
    if (call === undefined) return Reflect.apply(original, this, args);
    const result = startObserved(call, recorder, original, this, args);
    recorder.succeeded(call, result);
    return result;
  };
}

/** Wraps a synchronous function. What it calls of the public API inside is not counted again. */
export function observeSync(operation: Operation, recorder: Recorder): Wrap {
  const wrap = isPlain(operation) ? wrapPlain : wrapOther;
  return (original, patch) => wrap(operation, recorder, original, patch);
}
