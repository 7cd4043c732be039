import { getStringFromEnv } from '@opentelemetry/core';
import {
  AggregationTemporality,
  type AggregationTemporalitySelector,
  ConsoleMetricExporter,
  type IMetricReader,
  InstrumentType,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import { type HotMetricProducer, hotMetrics } from '@sonde/hot-metrics';
import type { Deliveries } from './deliveries.ts';
import { exporterNames, otlpProtocol } from './environment.ts';
import type { LazyExporter } from './lazy-exporter.ts';
import { positiveNumber } from './positive-number.ts';

const PACKAGES = {
  grpc: '@opentelemetry/exporter-metrics-otlp-grpc',
  'http/json': '@opentelemetry/exporter-metrics-otlp-http',
  'http/protobuf': '@opentelemetry/exporter-metrics-otlp-proto',
} as const;

// https://opentelemetry.io/docs/specs/otel/metrics/sdk_exporters/otlp/#additional-environment-variable-configuration
const ALWAYS_CUMULATIVE = [InstrumentType.UP_DOWN_COUNTER, InstrumentType.OBSERVABLE_UP_DOWN_COUNTER];
const LOW_MEMORY_DELTA = [InstrumentType.COUNTER, InstrumentType.HISTOGRAM];
const deltaIf = (isDelta: boolean): AggregationTemporality =>
  isDelta ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE;

const cumulative: AggregationTemporalitySelector = () => AggregationTemporality.CUMULATIVE;
const TEMPORALITIES: Readonly<Record<string, AggregationTemporalitySelector>> = {
  cumulative,
  delta: (type) => deltaIf(!ALWAYS_CUMULATIVE.includes(type)),
  lowmemory: (type) => deltaIf(LOW_MEMORY_DELTA.includes(type)),
};

function temporalitySelector(): AggregationTemporalitySelector {
  const name = getStringFromEnv('OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE')?.toLowerCase();
  return (name !== undefined && Object.hasOwn(TEMPORALITIES, name) ? TEMPORALITIES[name] : undefined) ?? cumulative;
}

/** An OTLP metric exporter that tells its temporality before it is loaded: readers ask at once. */
function otlpExporter(deliveries: Deliveries): PushMetricExporter {
  const packageName = PACKAGES[otlpProtocol('METRICS')];
  const exporter: LazyExporter<ResourceMetrics> = deliveries.otlp('METRICS', packageName, 'OTLPMetricExporter');
  return Object.assign(exporter, { selectAggregationTemporality: temporalitySelector() });
}

interface Schedule {
  readonly exportIntervalMillis: number;
  readonly exportTimeoutMillis: number;
}

function schedule(): Schedule {
  const exportIntervalMillis = positiveNumber('OTEL_METRIC_EXPORT_INTERVAL') ?? 60_000;
  const wanted = positiveNumber('OTEL_METRIC_EXPORT_TIMEOUT') ?? 30_000;
  // A reader refuses a timeout longer than its interval by throwing.
  return { exportIntervalMillis, exportTimeoutMillis: Math.min(wanted, exportIntervalMillis) };
}

/** Readers, and the hot-metrics producers that feed them: a producer each, or they would steal from one another. */
export interface MetricReaders {
  readonly readers: IMetricReader[];
  readonly producers: HotMetricProducer[];
}

export interface MetricReadersOptions {
  readonly deliveries: Deliveries;
  /** Whether to serve Prometheus when OTEL_METRICS_EXPORTER does not say what to do. */
  readonly prometheus: boolean;
  /** Makes the reader that Prometheus scrapes; undefined where no port may be bound. */
  readonly createPrometheus: () => IMetricReader | undefined;
}

class MetricReadersFromEnvironment implements MetricReaders {
  readonly readers: IMetricReader[] = [];
  readonly producers: HotMetricProducer[] = [];
  readonly #options: MetricReadersOptions;

  constructor(options: MetricReadersOptions) {
    this.#options = options;
  }

  add(name: string): void {
    switch (name) {
      case 'otlp':
        this.#addPeriodic(otlpExporter(this.#options.deliveries), schedule());
        break;
      case 'console':
        this.#addPeriodic(new ConsoleMetricExporter(), {});
        break;
      case 'prometheus':
        this.#addPrometheus();
        break;
      // Any other is told by `variableProblems`.
    }
  }

  #addPeriodic(exporter: PushMetricExporter, times: Partial<Schedule>): void {
    const temporality = exporter.selectAggregationTemporality?.bind(exporter);
    const producer = hotMetrics().producer(temporality === undefined ? {} : { temporality });
    this.producers.push(producer);
    this.readers.push(new PeriodicExportingMetricReader({ ...times, exporter, metricProducers: [producer] }));
  }

  #addPrometheus(): void {
    const reader = this.#options.createPrometheus();
    if (reader !== undefined) this.readers.push(reader);
  }
}

/** The metric readers that environment and preset ask for, each with a hot-metrics producer of its temporality. */
export function metricReadersFromEnvironment(options: MetricReadersOptions): MetricReaders {
  const isNamed = getStringFromEnv('OTEL_METRICS_EXPORTER') !== undefined;
  const names = new Set(exporterNames('METRICS') ?? []);
  if (options.prometheus && !isNamed) names.add('prometheus');
  const made = new MetricReadersFromEnvironment(options);
  for (const name of names) made.add(name);
  return made;
}
