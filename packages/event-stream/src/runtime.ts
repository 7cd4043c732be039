/** Where everything lies that duplicate copies of a package must share within one thread. */
const RUNTIME = Symbol.for('sonde.runtime.1');

/**
 * One instance per thread (and realm) of what must not exist twice: the first caller's `create` makes it, every copy of a
 * package gets it. Nothing is made before the first call. Cold path: one Map look-up; keep the result.
 */
export function shared<T>(key: string, create: () => T): T {
  const holder = globalThis as { [RUNTIME]?: Map<string, unknown> };
  if (holder[RUNTIME] === undefined)
    Object.defineProperty(globalThis, RUNTIME, { value: new Map(), configurable: true, writable: true });
  const instances = holder[RUNTIME] as Map<string, unknown>;
  if (!instances.has(key)) instances.set(key, create());
  return instances.get(key) as T;
}
