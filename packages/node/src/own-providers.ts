import { getBooleanFromEnv, getStringFromEnv } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { LoggerProvider } from '@opentelemetry/sdk-logs';
import { type IMetricReader, MeterProvider } from '@opentelemetry/sdk-metrics';
import { type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { AnomalyDetection } from '@sonde/anomaly-detection';
import type { HotMetricProducer } from '@sonde/hot-metrics';
import { warnOnce } from '@sonde/instrumentation-kit';
import { withWatcher } from './anomalies.ts';
import { Deliveries } from './opentelemetry/deliveries.ts';
import { defined } from './opentelemetry/environment.ts';
import { loggerProviderFromEnvironment, wantsLogs } from './opentelemetry/logger-provider.ts';
import { metricReadersFromEnvironment } from './opentelemetry/metric-readers.ts';
import { detectResource } from './opentelemetry/resource.ts';
import { samplerFromEnvironment, spanLimitsFromEnvironment } from './opentelemetry/sampler.ts';
import { spanProcessorsFromEnvironment } from './opentelemetry/span-processors.ts';
import { mayUseNetwork } from './permissions.ts';
import { createPrometheusEndpoint, type PrometheusEndpoint, type Unavailable } from './prometheus-endpoint.ts';
import type { ExporterMeter, OwnSampling } from './sampling.ts';

const MAX_PORT = 65_535;
const NO_NETWORK =
  '--permission allows no network: metrics are not served and nothing is sent; allow it with --allow-net';

/** Which signals Sonde provides for: those for which the application has no SDK of its own. */
export interface OwnSignals {
  readonly trace: boolean;
  readonly metrics: boolean;
  readonly logs: boolean;
}

export interface OwnProvidersConfig {
  readonly signals: OwnSignals;
  /** Sonde's own span processors; they come before those that export. */
  readonly spanProcessors: readonly SpanProcessor[];
  /** One without a sampler leaves the choice to OTEL_TRACES_SAMPLER. Called when a tracer provider is made. */
  readonly createSampling: () => OwnSampling;
  /** Its reader watches the metrics beside those that export them. */
  readonly anomalies?: Pick<AnomalyDetection, 'metricReader'> | undefined;
  /** Whether Prometheus is served where OTEL_METRICS_EXPORTER does not say. */
  readonly prometheus: boolean;
  /** Whether this process may bind a port. */
  readonly mayBind: boolean;
  readonly warn: (sentence: string) => void;
}

/** The providers of an SDK that Sonde composes itself. */
export interface OwnProviders {
  readonly tracerProvider: TracerProvider | undefined;
  readonly meterProvider: MeterProvider | undefined;
  /** Resolves when the logs SDK is loaded; undefined when no logs are exported. */
  readonly loggerProvider: Promise<LoggerProvider | undefined> | undefined;
  readonly endpoint: PrometheusEndpoint | undefined;
  /** Feed the readers, save the endpoint, which has its own. */
  readonly producers: readonly HotMetricProducer[];
  readonly deliveries: Deliveries;
}

/** What is no port is told by `variableProblems`. */
function prometheusPort(): number | undefined {
  const port = Number(getStringFromEnv('OTEL_EXPORTER_PROMETHEUS_PORT') ?? Number.NaN);
  return Number.isInteger(port) && port >= 0 && port <= MAX_PORT ? port : undefined;
}

/** The sentence that tells why metrics are not served, and the way out. */
export function describeUnavailable(address: string, reason: Unavailable): string {
  const elsewhere = 'set OTEL_EXPORTER_PROMETHEUS_PORT to a free port, or SONDE_PROMETHEUS=0';
  if (reason === 'wanted') return `the application listens on ${address} itself: Sonde serves no metrics; ${elsewhere}`;
  if (reason === 'taken') {
    return `${address} is taken: metrics are not served until it is free, Sonde tries again every 5 s; ${elsewhere}`;
  }
  if (reason === 'ENOTFOUND' || reason === 'EADDRNOTAVAIL') {
    const way = 'set OTEL_EXPORTER_PROMETHEUS_HOST to an address of this machine, or SONDE_PROMETHEUS=0';
    return `metrics cannot be served on ${address}, which is no address of this machine (${reason}); ${way}`;
  }
  return `metrics cannot be served on ${address} (${reason}); ${elsewhere}`;
}

/** The endpoint that Prometheus scrapes, where the environment has it. */
export function prometheusFromEnvironment(warn: (sentence: string) => void): PrometheusEndpoint {
  return createPrometheusEndpoint({
    host: getStringFromEnv('OTEL_EXPORTER_PROMETHEUS_HOST'),
    port: prometheusPort(),
    onUnavailable: (address, reason) => warn(describeUnavailable(address, reason)),
  });
}

async function loadLoggerProvider(resource: Resource, deliveries: Deliveries): Promise<LoggerProvider | undefined> {
  try {
    return await loggerProviderFromEnvironment(resource, deliveries);
  } catch (error) {
    warnOnce('node.logs', 'logs are not exported: the SDK for logs cannot be loaded', error);
    return undefined;
  }
}

interface TracerWiring {
  readonly deliveries: Deliveries;
  readonly resource: Resource;
  /** Takes the SDK's metrics about itself. */
  readonly selfObserved: MeterProvider | undefined;
}

function createTracerProvider(config: OwnProvidersConfig, wiring: TracerWiring): TracerProvider {
  const { deliveries, resource, selfObserved } = wiring;
  const exporting = (meter?: ExporterMeter): SpanProcessor[] =>
    spanProcessorsFromEnvironment({ deliveries, meterProvider: selfObserved, ...defined({ meter }) });
  const sampling = config.createSampling();
  return new TracerProvider({
    ...defined({ sampler: sampling.sampler ?? samplerFromEnvironment(), meterProvider: selfObserved }),
    resource,
    spanLimits: spanLimitsFromEnvironment(),
    spanProcessors: sampling.processors(config.spanProcessors, exporting),
  });
}

/**
 * Composes an SDK as the OTEL_* variables ask for, without `@opentelemetry/sdk-node`: that loads every exporter there
 * is and takes twice the time of everything here. Providers without anything to feed are left out.
 */
export function createOwnProviders(config: OwnProvidersConfig): OwnProviders {
  const { signals, warn } = config;
  const deliveries = new Deliveries();
  const resource = detectResource();
  if (!mayUseNetwork()) warnOnce('node.permission', NO_NETWORK);
  let endpoint: PrometheusEndpoint | undefined;
  const mayBind = config.mayBind && mayUseNetwork();
  const createPrometheus = (): IMetricReader | undefined => {
    if (!mayBind) return undefined;
    endpoint ??= prometheusFromEnvironment(warn);
    return endpoint.reader;
  };
  const { prometheus } = config;
  const { readers, producers } = signals.metrics
    ? metricReadersFromEnvironment({ deliveries, prometheus, createPrometheus })
    : { readers: [], producers: [] };
  const sdkMetricsEnabled = getBooleanFromEnv('OTEL_NODE_EXPERIMENTAL_SDK_METRICS') === true;
  const meterProvider =
    readers.length > 0
      ? new MeterProvider({ resource, readers: withWatcher(readers, config.anomalies), sdkMetricsEnabled })
      : undefined;
  const selfObserved = sdkMetricsEnabled ? meterProvider : undefined;

  const tracerProvider = signals.trace
    ? createTracerProvider(config, { deliveries, resource, selfObserved })
    : undefined;
  const loggerProvider = signals.logs && wantsLogs() ? loadLoggerProvider(resource, deliveries) : undefined;
  return { tracerProvider, meterProvider, producers, loggerProvider, endpoint, deliveries };
}
