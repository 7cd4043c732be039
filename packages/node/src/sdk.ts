import * as api from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { suppressTracing } from '@opentelemetry/core';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { hotMetrics } from '@sonde/hot-metrics';
import { guard } from '@sonde/instrumentation-kit';
import { ownApiVersion } from './coexistence/api-version.ts';
import { GlobalApi, REGISTRABLES, type Registrable, registered } from './coexistence/global-api.ts';
import { registerOlderLogs } from './coexistence/older-logs.ts';
import { type LoggerProviderLike, SwitchLoggerProvider } from './coexistence/switch-logger-provider.ts';
import { SwitchTracerProvider } from './coexistence/switch-tracer-provider.ts';
import { hotMeterProvider } from './hot-meter-provider.ts';
import { propagatorFromEnvironment } from './opentelemetry/propagator.ts';
import { createOwnProviders, type OwnProviders, type OwnProvidersConfig } from './own-providers.ts';

export interface SdkConfig extends Omit<OwnProvidersConfig, 'signals'> {
  readonly instrumentations: readonly Instrumentation[];
  /** Whether this is the thread whose readers collect the metrics of all. */
  readonly collects: boolean;
  /** The application has an SDK of its own. Called once. */
  readonly onForeignSdk: () => void;
}

type Signal = 'trace' | 'metrics' | 'logs';

// `logs` is in the API from 1.10 on; a named import would be a link error with 1.9.
type LogsApi = { setGlobalLoggerProvider(provider: unknown): unknown };
const logs = (api as unknown as { logs?: LogsApi }).logs;

const REGISTER: Readonly<Record<Registrable, (instance: never) => unknown>> = {
  context: (manager) => api.context.setGlobalContextManager(manager),
  propagation: (propagator) => api.propagation.setGlobalPropagator(propagator),
  trace: (provider) => api.trace.setGlobalTracerProvider(provider),
  metrics: (provider) => api.metrics.setGlobalMeterProvider(provider),
  logs: (provider) => logs?.setGlobalLoggerProvider(provider),
};

/** Registers what is free; returns what now stands in the registry for it. */
function register(own: Readonly<Partial<Record<Registrable, unknown>>>): Partial<Record<Registrable, unknown>> {
  const done: Partial<Record<Registrable, unknown>> = {};
  for (const key of REGISTRABLES) {
    const instance = own[key];
    if (instance === undefined || registered(key) !== undefined) continue;
    REGISTER[key](instance as never);
    // The API refuses when its version is not that of the registry; the registry itself takes it.
    done[key] = registered(key) ?? instance;
  }
  return done;
}

const isOwn = ({ instrumentationName }: Instrumentation): boolean => instrumentationName.startsWith('@sonde/');

const drop = (promise: Promise<unknown> | undefined): void => {
  promise?.catch((error: unknown) => api.diag.debug('Sonde: a provider did not shut down', error));
};

/**
 * Sonde's part of OpenTelemetry in this thread: providers of its own for the signals that the application has no SDK
 * for, and none for the others, before or after the application starts its SDK. Sonde's instrumentations follow.
 */
export class Sdk {
  readonly #config: SdkConfig;
  readonly #own: OwnProviders;
  readonly #tracers: SwitchTracerProvider;
  readonly #loggers = new SwitchLoggerProvider();
  readonly #globalApi: GlobalApi;
  readonly #stopOlderLogs: () => void;
  readonly #foreign = new Set<Signal>();

  constructor(config: SdkConfig) {
    this.#config = config;
    for (const signal of ['trace', 'metrics', 'logs'] as const) {
      if (registered(signal) !== undefined) this.#foreign.add(signal);
    }
    const isFree = (signal: Signal): boolean => !this.#foreign.has(signal);
    const signals = { trace: isFree('trace'), metrics: isFree('metrics') && config.collects, logs: isFree('logs') };
    // What the providers do on their own, now and later (detecting the resource, serving metrics), is not the
    // application's: it is neither traced nor counted.
    const contextManager = new AsyncLocalStorageContextManager().enable();
    const hidden = suppressTracing(api.ROOT_CONTEXT);
    this.#own = contextManager.with(hidden, () => createOwnProviders({ ...config, signals }));
    const { tracerProvider, meterProvider, loggerProvider } = this.#own;
    this.#tracers = new SwitchTracerProvider(tracerProvider ?? (registered('trace') as api.TracerProvider));
    drop(loggerProvider?.then((provider) => this.#useLoggerProvider(provider)));
    const own = {
      context: contextManager,
      propagation: propagatorFromEnvironment(),
      trace: tracerProvider === undefined ? undefined : this.#tracers,
      metrics: meterProvider,
      logs: loggerProvider === undefined || logs === undefined ? undefined : this.#loggers,
    };
    this.#globalApi = new GlobalApi({
      own: register(own),
      version: ownApiVersion(),
      onForeign: (key, instance) => guard('node.handover', () => this.#handOver(key, instance), undefined),
    });
    this.#stopOlderLogs =
      loggerProvider === undefined ? (): void => {} : registerOlderLogs(this.#loggers, logs === undefined);
    this.#connectInstrumentations();
    if (this.#foreign.size > 0) config.onForeignSdk();
  }

  get own(): OwnProviders {
    return this.#own;
  }

  /** Signals that the application provides for. */
  get foreign(): ReadonlySet<Signal> {
    return this.#foreign;
  }

  /** Hands everything to the exporters and waits for them. */
  async flush(): Promise<void> {
    const { tracerProvider, meterProvider, deliveries } = this.#own;
    const loggerProvider = await this.#own.loggerProvider;
    await Promise.allSettled([
      this.#foreign.has('trace') ? undefined : tracerProvider?.forceFlush(),
      this.#foreign.has('metrics') ? undefined : meterProvider?.forceFlush(),
      this.#foreign.has('logs') ? undefined : loggerProvider?.forceFlush(),
    ]);
    await deliveries.flush();
  }

  /** Ends every provider of Sonde's and takes its registrations away. */
  async shutdown(): Promise<void> {
    this.#globalApi.release();
    this.#stopOlderLogs();
    // Tracers and loggers that were handed out go on being used; without a delegate this provider makes no-op ones.
    if (!this.#foreign.has('trace')) this.#tracers.target = new api.ProxyTracerProvider();
    if (!this.#foreign.has('logs')) this.#loggers.target = undefined;
    const ending = (['trace', 'metrics', 'logs'] as const).map((signal) => this.#endOwn(signal));
    await Promise.allSettled(ending);
  }

  #connectInstrumentations(): void {
    const foreign = this.#foreign.has('metrics') ? (registered('metrics') as api.MeterProvider) : undefined;
    for (const instrumentation of this.#config.instrumentations) {
      instrumentation.setTracerProvider(this.#tracers);
      if (foreign !== undefined) instrumentation.setMeterProvider(foreign);
      // Sonde's own record into hot metrics by themselves.
      else if (!isOwn(instrumentation)) instrumentation.setMeterProvider(hotMeterProvider);
    }
    if (foreign !== undefined) this.#recordInto(foreign);
  }

  /** Hot metrics have no producer in readers of the application: they record into instruments of its provider. */
  #recordInto(meterProvider: api.MeterProvider | undefined): void {
    if (this.#config.collects) hotMetrics().useMeterProvider(meterProvider);
  }

  #useLoggerProvider(provider: LoggerProviderLike | undefined): void {
    if (provider !== undefined && !this.#foreign.has('logs')) this.#loggers.target = provider;
  }

  /** The application has just registered its own: from the next call on everything goes there. */
  #handOver(key: Registrable, instance: unknown): void {
    if (key === 'context' || key === 'propagation') return;
    const isFirst = this.#foreign.size === 0;
    this.#foreign.add(key);
    if (key === 'trace') this.#tracers.target = instance as api.TracerProvider;
    if (key === 'logs') this.#loggers.target = instance as LoggerProviderLike;
    drop(this.#endOwn(key));
    if (key === 'metrics') {
      const meterProvider = instance as api.MeterProvider;
      for (const instrumentation of this.#config.instrumentations) instrumentation.setMeterProvider(meterProvider);
      this.#recordInto(meterProvider);
    }
    if (isFirst) this.#config.onForeignSdk();
  }

  async #endOwn(signal: Signal): Promise<void> {
    const { tracerProvider, meterProvider, producers, loggerProvider, endpoint } = this.#own;
    if (signal === 'trace') await tracerProvider?.shutdown();
    else if (signal === 'logs') await (await loggerProvider)?.shutdown();
    else {
      endpoint?.stop();
      for (const producer of producers) producer.close();
      await meterProvider?.shutdown();
    }
  }
}
