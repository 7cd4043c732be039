import diagnosticsChannel from 'node:diagnostics_channel';
import { propagation } from '@opentelemetry/api';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { withoutRequireHook } from './require-gate.ts';

const CHANNEL = diagnosticsChannel.channel('undici:request:create');

/** An undici request as the channel publishes it: versions 5 and 6 keep headers as text, 7 as a flat list. */
interface UndiciRequest {
  readonly headers?: unknown;
}

function headerNames({ headers }: UndiciRequest): string[] {
  if (typeof headers === 'string')
    return headers.split('\r\n').map((line) => line.split(':', 1)[0]?.toLowerCase() ?? '');
  if (!Array.isArray(headers)) return [];
  return headers.filter((_, index) => index % 2 === 0).map((name) => String(name).toLowerCase());
}

/** Fields that tell a trace; baggage alone does not. */
function carriesTrace(request: UndiciRequest): boolean {
  const fields = propagation.fields().filter((field) => field !== 'baggage' && field !== 'tracestate');
  const names = headerNames(request);
  return fields.some((field) => names.includes(field.toLowerCase()));
}

/** The subscribers of a channel in order of their turn. Not public: undefined where it is kept otherwise. */
function subscribers(): readonly unknown[] | undefined {
  const list = (CHANNEL as unknown as { _subscribers?: unknown })._subscribers;
  return Array.isArray(list) ? list : undefined;
}

/**
 * The stock undici instrumentation (`fetch` included), ready to step aside. Every subscriber of the channel sees every
 * request: with a second instrumentation, of the application's, each request would have two spans and two
 * `traceparent` headers. So this one keeps the last place, and leaves a request alone that carries a trace by then
 * while others listen.
 */
export class YieldingUndiciInstrumentation implements Instrumentation {
  readonly instrumentationName: string;
  readonly instrumentationVersion: string;
  readonly #inner: UndiciInstrumentation;
  #mine: unknown;
  #isEnabled = false;

  constructor() {
    this.#inner = withoutRequireHook(() => new UndiciInstrumentation({ enabled: false }));
    this.instrumentationName = this.#inner.instrumentationName;
    this.instrumentationVersion = this.#inner.instrumentationVersion;
  }

  enable(): void {
    this.#inner.setConfig({ ...this.#inner.getConfig(), enabled: true, ignoreRequestHook: this.#isTaken });
    this.#inner.enable();
    this.#mine = subscribers()?.at(-1);
    this.#isEnabled = true;
  }

  disable(): void {
    this.#isEnabled = false;
    this.#inner.disable();
  }

  setTracerProvider(provider: Parameters<Instrumentation['setTracerProvider']>[0]): void {
    this.#inner.setTracerProvider(provider);
  }

  setMeterProvider(provider: Parameters<Instrumentation['setMeterProvider']>[0]): void {
    this.#inner.setMeterProvider(provider);
  }

  setConfig(config: Parameters<UndiciInstrumentation['setConfig']>[0]): void {
    this.#inner.setConfig({ ...config, ignoreRequestHook: this.#isTaken });
  }

  getConfig(): ReturnType<Instrumentation['getConfig']> {
    return { ...this.#inner.getConfig(), enabled: this.#isEnabled };
  }

  /** `ignoreRequestHook`: whether somebody else has instrumented this request, or is about to. */
  readonly #isTaken = (request: UndiciRequest): boolean => {
    const present = subscribers();
    if (present === undefined || present.length <= 1) return false;
    if (present.at(-1) === this.#mine) return carriesTrace(request);
    // Somebody came later. This request is theirs if they instrument it; from the next one on they have the first turn.
    this.disable();
    this.enable();
    return true;
  };
}
