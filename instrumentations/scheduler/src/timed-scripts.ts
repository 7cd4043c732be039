import type { AnyFunction, Patch, Patches } from '@sonde/instrumentation-kit';
import { TIMED_SCRIPTS } from './watch-memory.ts';

interface TimedOptions {
  readonly timeout?: unknown;
  readonly breakOnSigint?: unknown;
}

/** The last argument of all these functions; a getter in it is run once more. */
function isTimed(args: readonly unknown[]): boolean {
  const options = args.at(-1) as TimedOptions | null | undefined;
  if (typeof options !== 'object' || options === null) return false;
  return options.timeout !== undefined || options.breakOnSigint === true;
}

/**
 * Counts the scripts of `node:vm` that run and may be ended from outside, in a cell that the watcher sees. V8 ends whatever
 * runs at that moment: were that our hook, the script would go on, for ever if it is an endless one. So it is not looked at.
 */
export function markTimedScripts(patches: Patches, vm: typeof import('node:vm'), cells: Int32Array): void {
  const mark = (original: AnyFunction, patch: Patch): AnyFunction =>
    function (this: unknown, ...args: unknown[]): unknown {
      if (!patch.active || !isTimed(args)) return Reflect.apply(original, this, args);
      Atomics.add(cells, TIMED_SCRIPTS, 1);
      try {
        return Reflect.apply(original, this, args);
      } finally {
        Atomics.sub(cells, TIMED_SCRIPTS, 1);
      }
    };
  patches.wrap(vm.Script.prototype, 'runInThisContext', mark);
  patches.wrap(vm.Script.prototype, 'runInContext', mark);
  // With --experimental-vm-modules only.
  const { Module } = vm as { Module?: { prototype: object } };
  if (Module !== undefined) patches.wrap(Module.prototype, 'evaluate', mark);
}
