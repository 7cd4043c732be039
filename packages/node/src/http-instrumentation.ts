import http from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { type AnyFunction, createPatches, type Patches } from '@sonde/instrumentation-kit';
import { isExporting } from './opentelemetry/lazy-exporter.ts';
import { withoutRequireHook } from './require-gate.ts';
import { learnFastifyRoutes, onExpressRoute } from './routes.ts';

type Http = typeof http | typeof https;

/** What HttpInstrumentation patches of a module, and all that it looks at. */
interface Shadow {
  request: AnyFunction;
  get: AnyFunction;
  Server: { prototype: { emit: AnyFunction } };
}

interface Definition {
  readonly name: string;
  readonly patch?: (moduleExports: unknown) => unknown;
}

interface Marked extends AnyFunction {
  __wrapped?: boolean;
}

function definitionsOf(instrumentation: HttpInstrumentation): readonly Definition[] {
  const { getModuleDefinitions, init } = instrumentation as unknown as Record<string, (() => unknown) | undefined>;
  return (getModuleDefinitions ?? init)?.call(instrumentation) as readonly Definition[];
}

function isPatched(target: Http): boolean {
  return (target.Server.prototype.emit as Marked).__wrapped === true || (target.request as Marked).__wrapped === true;
}

/** Patches `emit` where it is inherited: the original is whatever the prototype chain has. */
function patchEmit(target: Http, instrumented: AnyFunction, mark: (wrapper: AnyFunction) => void): () => void {
  const prototype = target.Server.prototype as { emit: AnyFunction };
  const original = prototype.emit;
  const wasOwn = Object.hasOwn(prototype, 'emit');
  let isActive = true;
  const emit = function emit(this: unknown, ...args: unknown[]): unknown {
    return Reflect.apply(isActive ? instrumented : original, this, args);
  };
  mark(emit);
  Object.defineProperty(prototype, 'emit', { value: emit, configurable: true, writable: true, enumerable: false });
  return () => {
    isActive = false;
    if (prototype.emit !== emit) return;
    if (wasOwn) prototype.emit = original;
    else delete (prototype as { emit?: AnyFunction }).emit;
  };
}

/**
 * The stock HTTP instrumentation, in place for CommonJS and ES modules without a loader, and ready to step aside.
 *
 * It is given a stand-in for the module to patch; what it puts there is called from wrappers of Sonde's own on `http`
 * and `https`. They carry the marks of OpenTelemetry's patches: when an instrumentation of the application's comes to
 * patch the same functions, it takes ours off first, and is then alone. Both at once would double every span.
 */
export class InPlaceHttpInstrumentation implements Instrumentation {
  readonly instrumentationName: string;
  readonly instrumentationVersion: string;
  readonly #inner: HttpInstrumentation;
  #patches: Patches | undefined;
  #undo: (() => void)[] = [];
  #hasWithdrawn = false;

  constructor() {
    // The exporters' own requests make no spans by themselves, but they would count in the client metrics.
    const config = { enabled: false, responseHook: onExpressRoute, ignoreOutgoingRequestHook: isExporting } as const;
    this.#inner = withoutRequireHook(() => new HttpInstrumentation(config));
    this.instrumentationName = this.#inner.instrumentationName;
    this.instrumentationVersion = this.#inner.instrumentationVersion;
  }

  /** Whether requests are instrumented by this one. */
  get isActive(): boolean {
    return this.#patches !== undefined;
  }

  /** Patches, unless another instrumentation has, or has taken this one off before. */
  enable(): void {
    if (this.isActive || this.#hasWithdrawn || isPatched(http) || isPatched(https)) return;
    this.#patches = createPatches();
    for (const { name, patch } of definitionsOf(this.#inner)) {
      const target = name === 'https' ? https : http;
      const { request, get, Server } = target;
      const shadow: Shadow = { request, get, Server: { prototype: { emit: Server.prototype.emit } } };
      patch?.(shadow);
      this.#install(target, shadow);
    }
    this.#undo.push(learnFastifyRoutes());
    syncBuiltinESMExports();
  }

  disable(): void {
    for (const undo of this.#undo.splice(0)) undo();
    this.#patches?.restore();
    this.#patches = undefined;
  }

  setTracerProvider(provider: Parameters<Instrumentation['setTracerProvider']>[0]): void {
    this.#inner.setTracerProvider(provider);
  }

  setMeterProvider(provider: Parameters<Instrumentation['setMeterProvider']>[0]): void {
    this.#inner.setMeterProvider(provider);
  }

  setConfig(config: Parameters<HttpInstrumentation['setConfig']>[0]): void {
    this.#inner.setConfig(config);
  }

  getConfig(): ReturnType<Instrumentation['getConfig']> {
    return { ...this.#inner.getConfig(), enabled: this.isActive || this.#hasWithdrawn };
  }

  #install(target: Http, shadow: Shadow): void {
    for (const key of ['request', 'get'] as const) {
      const instrumented = shadow[key];
      const isWrapped = this.#patches?.wrap(target, key, (original, patch) => {
        return function (this: unknown, ...args: unknown[]): unknown {
          return Reflect.apply(patch.active ? instrumented : original, this, args);
        };
      });
      if (isWrapped === true) this.#mark(target[key] as AnyFunction, instrumented);
    }
    const { emit } = shadow.Server.prototype;
    this.#undo.push(patchEmit(target, emit, (wrapper) => this.#mark(wrapper, emit)));
  }

  /** The marks of OpenTelemetry's `shimmer`: `_wrap` of another instrumentation calls `__unwrap` before it patches. */
  #mark(wrapper: AnyFunction, instrumented: AnyFunction): void {
    const unwrap = (): void => {
      this.#hasWithdrawn = true;
      this.disable();
    };
    const marks = { __original: instrumented, __wrapped: true, __unwrap: unwrap };
    for (const [key, value] of Object.entries(marks)) {
      Object.defineProperty(wrapper, key, { value, configurable: true, writable: true, enumerable: false });
    }
  }
}
