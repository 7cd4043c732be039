import type { MeterProvider } from '@opentelemetry/api';
import {
  BatchSpanProcessor,
  ConsoleSpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import type { Deliveries } from './deliveries.ts';
import { defined, exporterNames, otlpProtocol } from './environment.ts';
import { positiveNumber } from './positive-number.ts';

const PACKAGES = {
  grpc: '@opentelemetry/exporter-trace-otlp-grpc',
  'http/json': '@opentelemetry/exporter-trace-otlp-http',
  'http/protobuf': '@opentelemetry/exporter-trace-otlp-proto',
} as const;

/** A batch processor for an exporter, set up by the OTEL_BSP_* variables. */
export function batchProcessor(exporter: SpanExporter, selfObsMeterProvider?: MeterProvider): SpanProcessor {
  const options = defined({
    maxQueueSize: positiveNumber('OTEL_BSP_MAX_QUEUE_SIZE'),
    scheduledDelayMillis: positiveNumber('OTEL_BSP_SCHEDULE_DELAY'),
    exportTimeoutMillis: positiveNumber('OTEL_BSP_EXPORT_TIMEOUT'),
    maxExportBatchSize: positiveNumber('OTEL_BSP_MAX_EXPORT_BATCH_SIZE'),
    selfObsMeterProvider,
  });
  return new BatchSpanProcessor({ ...options, exporter });
}

interface Wiring {
  readonly deliveries: Deliveries;
  /** Takes the SDK's metrics about itself. */
  readonly meterProvider?: MeterProvider | undefined;
  /** Goes around each exporter of batches. */
  readonly meter?: (exporter: SpanExporter) => SpanExporter;
}

function processorOf(
  name: string,
  { deliveries, meterProvider, meter = (exporter) => exporter }: Wiring,
): SpanProcessor[] {
  switch (name) {
    case 'otlp': {
      const packageName = PACKAGES[otlpProtocol('TRACES')];
      const exporter = deliveries.otlp<ReadableSpan[]>('TRACES', packageName, 'OTLPTraceExporter');
      return [batchProcessor(meter(exporter), meterProvider)];
    }
    case 'zipkin': {
      const exporter = deliveries.exporter<ReadableSpan[]>('@opentelemetry/exporter-zipkin', 'ZipkinExporter');
      return [batchProcessor(meter(exporter), meterProvider)];
    }
    case 'console':
      return [new SimpleSpanProcessor({ exporter: new ConsoleSpanExporter() })];
    default:
      // Told by `variableProblems`.
      return [];
  }
}

/** The processors that export spans as the environment asks for; none when it names neither exporter nor endpoint. */
export function spanProcessorsFromEnvironment(wiring: Wiring): SpanProcessor[] {
  return (exporterNames('TRACES') ?? []).flatMap((name) => processorOf(name, wiring));
}
