import { getNumberFromEnv } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { LoggerProvider, LogRecordProcessor, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { Deliveries } from './deliveries.ts';
import { defined, exporterNames, otlpProtocol } from './environment.ts';
import { positiveNumber } from './positive-number.ts';

type SdkLogs = typeof import('@opentelemetry/sdk-logs');

const PACKAGES = {
  grpc: '@opentelemetry/exporter-logs-otlp-grpc',
  'http/json': '@opentelemetry/exporter-logs-otlp-http',
  'http/protobuf': '@opentelemetry/exporter-logs-otlp-proto',
} as const;

function processorOf(name: string, sdk: SdkLogs, deliveries: Deliveries): LogRecordProcessor[] {
  switch (name) {
    case 'otlp': {
      const packageName = PACKAGES[otlpProtocol('LOGS')];
      const exporter = deliveries.otlp<ReadableLogRecord[]>('LOGS', packageName, 'OTLPLogExporter');
      const options = defined({
        maxQueueSize: positiveNumber('OTEL_BLRP_MAX_QUEUE_SIZE'),
        scheduledDelayMillis: positiveNumber('OTEL_BLRP_SCHEDULE_DELAY'),
        exportTimeoutMillis: positiveNumber('OTEL_BLRP_EXPORT_TIMEOUT'),
        maxExportBatchSize: positiveNumber('OTEL_BLRP_MAX_EXPORT_BATCH_SIZE'),
      });
      return [new sdk.BatchLogRecordProcessor({ ...options, exporter })];
    }
    case 'console':
      return [new sdk.SimpleLogRecordProcessor({ exporter: new sdk.ConsoleLogRecordExporter() })];
    default:
      // Told by `variableProblems`.
      return [];
  }
}

const limit = (what: string): number | undefined =>
  getNumberFromEnv(`OTEL_LOGRECORD_ATTRIBUTE_${what}`) ?? getNumberFromEnv(`OTEL_ATTRIBUTE_${what}`);

/** The processors that export logs as the environment asks for. */
export function logProcessorsFromEnvironment(sdk: SdkLogs, deliveries: Deliveries): LogRecordProcessor[] {
  return (exporterNames('LOGS') ?? []).flatMap((name) => processorOf(name, sdk, deliveries));
}

/** Whether the environment asks for logs to be exported. */
export function wantsLogs(): boolean {
  return (exporterNames('LOGS') ?? []).length > 0;
}

/** Loads the logs SDK and makes a provider that exports as the environment asks for. */
export async function loggerProviderFromEnvironment(
  resource: Resource,
  deliveries: Deliveries,
): Promise<LoggerProvider> {
  const sdk = await import('@opentelemetry/sdk-logs');
  const logRecordLimits = defined({
    attributeCountLimit: limit('COUNT_LIMIT'),
    attributeValueLengthLimit: limit('VALUE_LENGTH_LIMIT'),
  });
  return new sdk.LoggerProvider({
    resource,
    logRecordLimits,
    processors: logProcessorsFromEnvironment(sdk, deliveries),
  });
}
