// What an application that already uses OpenTelemetry has: its own NodeSDK, instrumentations, spans, metrics and logs.
import * as api from '@opentelemetry/api';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import ownExporters from './own-exporters.cjs';
import ownTelemetry from './own-telemetry.cjs';

const own = ownExporters({ PeriodicExportingMetricReader, SimpleLogRecordProcessor, SimpleSpanProcessor });
const instrumentations = [new HttpInstrumentation(), new UndiciInstrumentation()];
own.start(new NodeSDK({ ...own.options, instrumentations }));
ownTelemetry(api);
