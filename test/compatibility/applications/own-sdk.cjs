// What an application that already uses OpenTelemetry has: its own NodeSDK, instrumentations, spans, metrics and logs.
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
const { UndiciInstrumentation } = require('@opentelemetry/instrumentation-undici');
const { SimpleLogRecordProcessor } = require('@opentelemetry/sdk-logs');
const { PeriodicExportingMetricReader } = require('@opentelemetry/sdk-metrics');
const { NodeSDK } = require('@opentelemetry/sdk-node');
const { SimpleSpanProcessor } = require('@opentelemetry/sdk-trace');
const ownExporters = require('./own-exporters.cjs');
const ownTelemetry = require('./own-telemetry.cjs');

const own = ownExporters({ PeriodicExportingMetricReader, SimpleLogRecordProcessor, SimpleSpanProcessor });
const instrumentations = [new HttpInstrumentation(), new UndiciInstrumentation()];
own.start(new NodeSDK({ ...own.options, instrumentations }));
ownTelemetry(require('@opentelemetry/api'));
