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
  /** What stands in the registry for Sonde. */
  readonly own: Readonly<Partial<Record<Registrable, unknown>>>;
  /** Version of the API copy that Sonde uses. */
  readonly version: string;
  /** The application has registered its own: it is in place already, and Sonde's is not any more. */
  readonly onForeign: (key: Registrable, instance: unknown) => void;
}

/**
 * Registers Sonde's providers with the OpenTelemetry API so that an application can still register its own later.
 *
 * The API is first come, first served: `setGlobalTracerProvider` refuses when there is one, and the application's SDK
 * would run without effect. Its order of steps tells a registration from a look-up: a registration first writes the
 * registry back to `globalThis[Symbol.for('opentelemetry.js.api.1')]`, then looks whether the key is free, compares
 * the version, and writes the instance (opentelemetry-js, api/src/internal/global-utils.ts, 1.0 to 1.10). So the
 * registry sits behind a setter, each of Sonde's keys behind an accessor that looks free to a registration, and what
 * is written replaces Sonde's: from then on it is a plain property. Costs some 10 ns a look-up while it lasts.
 */
export class GlobalApi {
  readonly #onForeign: GlobalApiConfig['onForeign'];
  readonly #registry: Registry;
  readonly #own = new Set<Registrable>();
  #version: string;
  /** A registration has begun and has not looked yet whether its key is free. */
  #hasBegun = false;
  /** It has looked: next it compares the version. */
  #hasLooked = false;

  constructor({ own, version, onForeign }: GlobalApiConfig) {
    this.#onForeign = onForeign;
    const present = globals[KEY];
    this.#version = present === undefined ? version : laterVersion(present.version, version);
    // A new object: the version of a registry that API 1.10 made cannot be redefined.
    this.#registry = { ...present, version };
    for (const key of REGISTRABLES) {
      if (own[key] !== undefined) this.#guard(key, own[key]);
    }
    this.#guardVersion();
    Object.defineProperty(globals, KEY, {
      configurable: true,
      enumerable: true,
      get: () => this.#registry,
      set: (registry: unknown) => {
        this.#hasBegun = registry === this.#registry;
        this.#hasLooked = false;
      },
    });
  }

  /** What of Sonde is registered still. */
  get own(): ReadonlySet<Registrable> {
    return this.#own;
  }

  /** Takes Sonde's registrations away; those of the application stay. */
  release(): void {
    for (const key of this.#own) delete this.#registry[key];
    this.#own.clear();
    this.#define('version', { value: this.#version });
    Object.defineProperty(globals, KEY, {
      configurable: true,
      enumerable: true,
      writable: true,
      value: this.#registry,
    });
  }

  #define(key: Registrable | 'version', descriptor: PropertyDescriptor): void {
    Object.defineProperty(this.#registry, key, { configurable: true, enumerable: true, ...descriptor });
  }

  #guard(key: Registrable, instance: unknown): void {
    this.#own.add(key);
    this.#define(key, {
      get: () => {
        if (!this.#hasBegun) return instance;
        this.#hasBegun = false;
        this.#hasLooked = true;
        return undefined;
      },
      set: (foreign: unknown) => {
        this.#hasBegun = false;
        this.#hasLooked = false;
        this.#own.delete(key);
        this.#define(key, { value: foreign, writable: true });
        if (this.#own.size === 0) this.release();
        this.#onForeign(key, foreign);
      },
    });
  }

  #guardVersion(): void {
    this.#define('version', {
      get: () => {
        // An override (`diag.setLogger`) does not look whether its key is free: it comes here at once.
        if (!this.#hasBegun && !this.#hasLooked) return this.#version;
        this.#hasBegun = false;
        this.#hasLooked = false;
        // Two copies of different versions refuse each other. Each sees its own; look-ups see the later of the two,
        // which both accept.
        const caller = callingApiVersion() ?? this.#version;
        this.#version = laterVersion(this.#version, caller);
        return caller;
      },
    });
  }
}
