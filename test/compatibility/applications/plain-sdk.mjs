// A plain NodeSDK with two instrumentations of Sonde and nothing else of it.
import { SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { SchedulerInstrumentation } from '@sonde/instrumentation-scheduler';
import { VfsInstrumentation } from '@sonde/instrumentation-vfs';
import ownExporters from './own-exporters.cjs';

const own = ownExporters({ PeriodicExportingMetricReader, SimpleLogRecordProcessor, SimpleSpanProcessor });
const instrumentations = [new VfsInstrumentation(), new SchedulerInstrumentation()];
own.start(new NodeSDK({ ...own.options, instrumentations }));
