/** Of what there must be one in a thread, whichever copy of a package asks for it: created once, by the first to ask. */
const RUNTIME = Symbol.for('sonde.runtime.1');

type Runtime = Map<string, unknown>;

/**
 * The thread's one instance of something, under `globalThis[Symbol.for('sonde.runtime.1')]`. Key: package and thing,
 * e.g. `event-stream/stream`; add a version to it when the shape of the thing changes.
 */
export function shared<T>(key: string, create: () => T): T {
  const holder = globalThis as { [RUNTIME]?: Runtime };
  let runtime = holder[RUNTIME];
  if (runtime === undefined) {
    runtime = new Map();
    Object.defineProperty(holder, RUNTIME, { value: runtime });
  }
  if (!runtime.has(key)) {
    runtime.set(key, create());
  }
  return runtime.get(key) as T;
}
