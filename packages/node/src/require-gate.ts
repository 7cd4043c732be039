import module from 'node:module';

type Require = (this: unknown, id: string, ...rest: unknown[]) => unknown;
type GetBuiltinModule = Require;

interface Singleton {
  register?: (...args: unknown[]) => unknown;
}

interface Hooked {
  readonly _requireInTheMiddleSingleton?: Singleton;
}

const prototype = (module as unknown as { prototype: { require: Require } }).prototype;
const builtins = process as unknown as { getBuiltinModule: GetBuiltinModule };

/**
 * Makes an instrumentation without switching on the require hook that comes with it.
 *
 * The first object of class `InstrumentationBase` hooks `require` for good and remembers each module at its first
 * load (require-in-the-middle); an instrumentation of the same class that the application makes later is not asked
 * for modules loaded before. Without Sonde the hook begins with the application's first instrumentation: with this it
 * still does. Sonde's own patch built-in modules in place and need no hook. Where the class is built otherwise, the
 * hook is simply on from the start.
 */
export function withoutRequireHook<T extends object>(create: () => T): T {
  const plainRequire = prototype.require;
  const plainGetBuiltin = builtins.getBuiltinModule;
  const made = create();
  const hookedRequire = prototype.require;
  const hookedGetBuiltin = builtins.getBuiltinModule;
  const singleton = (made as Hooked)._requireInTheMiddleSingleton;
  const register = singleton?.register;
  if (hookedRequire === plainRequire || singleton === undefined || typeof register !== 'function') return made;

  let isOpen = false;
  // Not taken off and put back: somebody may patch `require` in between, and would be cut out of the chain.
  prototype.require = function require(id, ...rest): unknown {
    return Reflect.apply(isOpen ? hookedRequire : plainRequire, this, [id, ...rest]);
  };
  builtins.getBuiltinModule = function getBuiltinModule(id, ...rest): unknown {
    return Reflect.apply(isOpen ? hookedGetBuiltin : plainGetBuiltin, this, [id, ...rest]);
  };
  singleton.register = function (this: Singleton, ...args: unknown[]): unknown {
    isOpen = true;
    this.register = register;
    return Reflect.apply(register, this, args);
  };
  return made;
}
