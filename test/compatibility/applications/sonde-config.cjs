// NodeSDK configured by Sonde, with the application's own processors and readers merged in.
const { SimpleLogRecordProcessor } = require('@opentelemetry/sdk-logs');
const { PeriodicExportingMetricReader } = require('@opentelemetry/sdk-metrics');
const { NodeSDK } = require('@opentelemetry/sdk-node');
const { SimpleSpanProcessor } = require('@opentelemetry/sdk-trace');
const { sondeConfig } = require('@sonde/node');
const ownExporters = require('./own-exporters.cjs');
const ownTelemetry = require('./own-telemetry.cjs');

const own = ownExporters({ PeriodicExportingMetricReader, SimpleLogRecordProcessor, SimpleSpanProcessor });
own.start(new NodeSDK(sondeConfig({ sdk: own.options })));
ownTelemetry(require('@opentelemetry/api'));
