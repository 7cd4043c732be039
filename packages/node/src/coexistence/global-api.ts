import { callingApiVersion, laterVersion } from './api-version.ts';

/** What an SDK registers with the OpenTelemetry API. */
export type Registrable = 'context' | 'propagation' | 'trace' | 'metrics' | 'logs';

export const REGISTRABLES: readonly Registrable[] = ['context', 'propagation', 'trace', 'metrics', 'logs'];

const KEY = Symbol.for('opentelemetry.js.api.1');

type Registry = { version: string } & { [Key in Registrable | 'diag']?: unknown };

const globals = globalThis as { [KEY]?: Registry };

/** What is registered now, by whoever did. */
export function registered(key: Registrable): unknown {
  return globals[KEY]?.[key];
}

export interface GlobalApiConfig {
  /** What stands in the registry for Sonde, or shall stand there. */
  readonly own: Readonly<Partial<Record<Registrable, unknown>>>;
  /** Version of the API copy that Sonde uses. */
  readonly version: string;
  /** The application has registered its own: it is in place already, and Sonde's is not any more. */
  readonly onForeign: (key: Registrable, instance: unknown) => void;
}

/** Every key that a registration can be about. */
const KEYS = [...REGISTRABLES, 'diag'] as const;

/**
 * Keeps Sonde's registrations with the OpenTelemetry API so that an application can still register its own later.
 *
 * The API is first come, first served: `setGlobalTracerProvider` refuses when there is one, and the application's SDK
 * would run without effect. But its order of steps tells a registration from a look-up: a registration first writes
 * the registry back to `globalThis[Symbol.for('opentelemetry.js.api.1')]`, then looks whether the key is free, compares
 * the version, and writes the instance (opentelemetry-js, api/src/internal/global-utils.ts, 1.0 to 1.10). The registry
 * sits behind a setter; when that is called, its properties become accessors for the steps that follow: a key of
 * Sonde's looks free, and what is written replaces Sonde's. Between registrations they are plain properties. A look-up
 * costs some 10 ns more than without, until the application has registered everything or Sonde is shut down.
 */
export class GlobalApi {
  readonly #onForeign: GlobalApiConfig['onForeign'];
  readonly #registry: Registry;
  readonly #own: Set<Registrable>;
  #version: string;
  /** What the registry held when the registration under way began. */
  #held: Registry;
  #isArmed = false;
  /** The registration under way has looked at a key of Sonde's and found it free. */
  #hasLooked = false;

  constructor({ own, version, onForeign }: GlobalApiConfig) {
    this.#onForeign = onForeign;
    this.#own = new Set(REGISTRABLES.filter((key) => own[key] !== undefined));
    const present = globals[KEY];
    this.#version = present === undefined ? version : laterVersion(present.version, version);
    // A new object: the version of a registry that API 1.10 made cannot be redefined.
    this.#registry = { ...present, ...own, version: this.#version };
    this.#held = { ...this.#registry };
    const registry = this.#registry;
    Object.defineProperty(globals, KEY, {
      configurable: true,
      enumerable: true,
      get: () => registry,
      set: (written: unknown) => {
        if (written === registry) this.#arm();
      },
    });
  }

  /** What of Sonde is registered still. */
  get own(): ReadonlySet<Registrable> {
    return this.#own;
  }

  /** Takes Sonde's registrations away; those of the application stay. */
  release(): void {
    this.#disarm();
    for (const key of this.#own) delete this.#registry[key];
    this.#own.clear();
    const plain = { value: this.#registry, configurable: true, enumerable: true, writable: true };
    Object.defineProperty(globals, KEY, plain);
  }

  /** A registration begins. */
  #arm(): void {
    this.#disarm();
    this.#held = { ...this.#registry };
    this.#isArmed = true;
    this.#hasLooked = false;
    for (const key of this.#own) if (this.#held[key] === undefined) this.#own.delete(key);
    for (const key of KEYS)
      this.#define(
        key,
        () => this.#look(key),
        (instance) => this.#take(key, instance),
      );
    this.#define('version', () => this.#compare());
  }

  /** It is over, or was none: plain properties again. */
  #disarm(): void {
    if (!this.#isArmed) return;
    this.#isArmed = false;
    for (const key of KEYS) {
      delete this.#registry[key];
      if (this.#held[key] !== undefined) this.#registry[key] = this.#held[key];
    }
    const version = { value: this.#version, configurable: true, enumerable: true, writable: true };
    Object.defineProperty(this.#registry, 'version', version);
  }

  #define(key: keyof Registry, get: () => unknown, set?: (instance: unknown) => void): void {
    Object.defineProperty(this.#registry, key, { configurable: true, enumerable: true, get, ...(set && { set }) });
  }

  /** Second step: is the key free? Whatever is read at any other moment ends the registration. */
  #look(key: (typeof KEYS)[number]): unknown {
    if (!this.#hasLooked && this.#own.has(key as Registrable)) {
      this.#hasLooked = true;
      return undefined;
    }
    this.#disarm();
    return this.#held[key];
  }

  /**
   * Third step: is the version the same? Two copies of different versions refuse each other. Each sees its own here;
   * look-ups see the later of the two, which both accept.
   */
  #compare(): string {
    const caller = callingApiVersion() ?? this.#version;
    this.#version = laterVersion(this.#version, caller);
    // An override (`diag.setLogger`) has not looked. What it writes is a plain property.
    if (!this.#hasLooked) this.#disarm();
    return caller;
  }

  /** Fourth step. */
  #take(key: (typeof KEYS)[number], instance: unknown): void {
    this.#held[key] = instance;
    this.#disarm();
    if (key === 'diag' || !this.#own.delete(key)) return;
    if (this.#own.size === 0) this.release();
    this.#onForeign(key, instance);
  }
}
