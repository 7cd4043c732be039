import type { Context, Span, SpanOptions, Tracer, TracerProvider } from '@opentelemetry/api';

/** A tracer that follows its provider to another one. Costs one comparison a span. */
class SwitchTracer implements Tracer {
  readonly #provider: SwitchTracerProvider;
  readonly #scope: Parameters<TracerProvider['getTracer']>;
  #followed: TracerProvider | undefined;
  #tracer: Tracer | undefined;

  constructor(provider: SwitchTracerProvider, scope: Parameters<TracerProvider['getTracer']>) {
    this.#provider = provider;
    this.#scope = scope;
  }

  startSpan(name: string, options?: SpanOptions, context?: Context): Span {
    return this.#current().startSpan(name, options, context);
  }

  startActiveSpan<Result>(...args: unknown[]): Result {
    const tracer = this.#current();
    return Reflect.apply(tracer.startActiveSpan as (...values: unknown[]) => Result, tracer, args);
  }

  #current(): Tracer {
    const { target } = this.#provider;
    if (this.#followed !== target || this.#tracer === undefined) {
      this.#tracer = target.getTracer(...this.#scope);
      this.#followed = target;
    }
    return this.#tracer;
  }
}

/**
 * A tracer provider in front of another one that can be exchanged: tracers handed out before, to the application or to
 * an instrumentation, follow. `NodeSDK.start()` hands the instrumentations of the application the tracers of whatever
 * is registered and registers its own provider afterwards: without this they would stay with Sonde's.
 */
export class SwitchTracerProvider implements TracerProvider {
  target: TracerProvider;

  constructor(target: TracerProvider) {
    this.target = target;
  }

  getTracer(...scope: Parameters<TracerProvider['getTracer']>): Tracer {
    return new SwitchTracer(this, scope);
  }
}
