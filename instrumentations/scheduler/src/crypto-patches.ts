import { type AnyFunction, guard, type Patch, type Patches } from '@sonde/instrumentation-kit';
import { PoolOperation, type PoolOperationsConfig, type PoolWork } from './pool-operations.ts';

/**
 * Functions that work in the libuv pool when their last function argument is a callback. Not in the list: randomInt
 * (it takes its random bytes from a store of its own) and what returns promises (`subtle`), because waiting for a
 * promise of somebody else's would mark its rejection as handled.
 */
const FUNCTIONS = [
  'argon2',
  'checkPrime',
  'decapsulate',
  'diffieHellman',
  'encapsulate',
  'generateKey',
  'generateKeyPair',
  'generatePrime',
  'hkdf',
  'pbkdf2',
  'randomBytes',
  'randomFill',
  'scrypt',
  'sign',
  'verify',
] as const;

function callbackIndex(args: readonly unknown[]): number {
  let index = args.length - 1;
  while (index >= 0 && typeof args[index] !== 'function') index -= 1;
  return index;
}

/** Passes the callback on, and ends the operation first. The callback may come more than once only by mistake. */
function endFirst(operation: PoolOperation, work: PoolWork, callback: AnyFunction): AnyFunction {
  let isOpen = true;
  return function (this: unknown, ...results: unknown[]): unknown {
    if (isOpen) {
      isOpen = false;
      guard('scheduler.crypto', () => operation.end(work), undefined);
    }
    return Reflect.apply(callback, this, results);
  };
}

function count(operation: PoolOperation): (original: AnyFunction, patch: Patch) => AnyFunction {
  return (original, patch) =>
    function (this: unknown, ...args: unknown[]): unknown {
      const index = patch.active ? callbackIndex(args) : -1;
      if (index < 0) return Reflect.apply(original, this, args);
      const work = guard('scheduler.crypto', () => operation.begin(), undefined);
      if (work === undefined) return Reflect.apply(original, this, args);
      args[index] = endFirst(operation, work, args[index] as AnyFunction);
      try {
        return Reflect.apply(original, this, args);
      } catch (error) {
        // A bad argument: it never reached the pool.
        guard('scheduler.crypto', () => operation.cancel(work), undefined);
        throw error;
      }
    };
}

/** Counts the callback forms of `node:crypto` into the account of the libuv pool. */
export function patchCrypto(patches: Patches, crypto: object, config: PoolOperationsConfig): void {
  for (const name of FUNCTIONS) patches.wrap(crypto, name, count(new PoolOperation(name, config)));
}
