// NodeSDK configured by Sonde, with the application's own processors and readers merged in.
import * as api from '@opentelemetry/api';
import { SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { sondeConfig } from '@sonde/node';
import ownExporters from './own-exporters.cjs';
import ownTelemetry from './own-telemetry.cjs';

const own = ownExporters({ PeriodicExportingMetricReader, SimpleLogRecordProcessor, SimpleSpanProcessor });
own.start(new NodeSDK(sondeConfig({ sdk: own.options })));
ownTelemetry(api);
