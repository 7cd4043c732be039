import { syncBuiltinESMExports } from 'node:module';
import type { AnyFunction, Patch, Patches } from './types.ts';

interface PatchRecord {
  readonly target: object;
  readonly key: PropertyKey;
  readonly wrapper: AnyFunction;
  readonly descriptor: PropertyDescriptor;
  readonly patch: Patch;
}

/**
 * Copies what a caller can see of a function, save its code, from `original` to `wrapper`: name, length, own properties,
 * prototype. `wrap` does it; this is for wrappers that are put in place otherwise.
 */
export function impersonate(wrapper: AnyFunction, original: AnyFunction): void {
  Object.setPrototypeOf(wrapper, Object.getPrototypeOf(original));
  for (const key of Reflect.ownKeys(original)) {
    const theirs = Object.getOwnPropertyDescriptor(original, key);
    const ours = Object.getOwnPropertyDescriptor(wrapper, key);
    if (theirs === undefined) continue;
    if (ours === undefined || ours.configurable === true) Object.defineProperty(wrapper, key, theirs);
    // A function's `prototype` cannot be redefined, but it can be assigned: `new` and `instanceof` keep working.
    else if (ours.writable === true && 'value' in theirs) Reflect.set(wrapper, key, theirs.value);
  }
}

/** Arrow functions, methods and async functions have no `prototype`: what stands in for one must have none either. */
function withoutPrototype(wrapper: AnyFunction): AnyFunction {
  const { method } = {
    method(this: unknown, ...args: unknown[]): unknown {
      return Reflect.apply(wrapper, this, args);
    },
  };
  return method;
}

function shapedLike(wrapper: AnyFunction, original: AnyFunction): AnyFunction {
  const isShaped = Object.hasOwn(original, 'prototype') || !Object.hasOwn(wrapper, 'prototype');
  const shaped = isShaped ? wrapper : withoutPrototype(wrapper);
  impersonate(shaped, original);
  return shaped;
}

function patchable(target: object, key: PropertyKey): PropertyDescriptor | undefined {
  const descriptor = Object.getOwnPropertyDescriptor(target, key);
  if (descriptor === undefined || typeof descriptor.value !== 'function') return undefined;
  return descriptor.configurable === true || descriptor.writable === true ? descriptor : undefined;
}

/** Puts `value` at `target[key]` with the flags of `descriptor`; false when the target refuses (a frozen proxy). */
function replace(target: object, key: PropertyKey, descriptor: PropertyDescriptor): boolean {
  try {
    return Reflect.defineProperty(target, key, descriptor);
  } catch {
    return false;
  }
}

function install(
  target: object,
  key: PropertyKey,
  create: (original: AnyFunction, patch: Patch) => AnyFunction,
): PatchRecord | undefined {
  const descriptor = patchable(target, key);
  if (descriptor === undefined) return undefined;
  const patch: Patch = { active: true };
  const created = create(descriptor.value, patch);
  if (created === descriptor.value) return undefined;
  const wrapper = shapedLike(created, descriptor.value);
  if (!replace(target, key, { ...descriptor, value: wrapper })) return undefined;
  return { target, key, wrapper, descriptor, patch };
}

function uninstall(record: PatchRecord): void {
  record.patch.active = false;
  const present = Object.getOwnPropertyDescriptor(record.target, record.key);
  // BAD: putting the original back whatever is there now: a wrapper that somebody laid over ours would vanish.
  // GOOD: ours stays under it, inactive.
  if (present?.value === record.wrapper) {
    replace(record.target, record.key, { ...present, value: record.descriptor.value });
  }
}

/**
 * Creates an empty set of patches. Nothing is global: each instrumentation has its own and undoes only its own.
 * Patching is in place, so that references taken from the module object later see it; references taken before do not.
 */
export function createPatches(): Patches {
  let records: PatchRecord[] = [];
  return {
    get size(): number {
      return records.length;
    },
    wrap(target, key, create): boolean {
      const record = install(target, key, create);
      if (record === undefined) return false;
      records.push(record);
      return true;
    },
    sync: syncBuiltinESMExports,
    restore(): void {
      // Last in, first out: two patches of one property must come off in the reverse order.
      for (const record of records.reverse()) uninstall(record);
      records = [];
      syncBuiltinESMExports();
    },
  };
}
