// A plain NodeSDK with two instrumentations of Sonde and nothing else of it.
const { SimpleLogRecordProcessor } = require('@opentelemetry/sdk-logs');
const { PeriodicExportingMetricReader } = require('@opentelemetry/sdk-metrics');
const { NodeSDK } = require('@opentelemetry/sdk-node');
const { SimpleSpanProcessor } = require('@opentelemetry/sdk-trace');
const { SchedulerInstrumentation } = require('@sonde/instrumentation-scheduler');
const { VfsInstrumentation } = require('@sonde/instrumentation-vfs');
const ownExporters = require('./own-exporters.cjs');

const own = ownExporters({ PeriodicExportingMetricReader, SimpleLogRecordProcessor, SimpleSpanProcessor });
const instrumentations = [new VfsInstrumentation(), new SchedulerInstrumentation()];
own.start(new NodeSDK({ ...own.options, instrumentations }));
