/** The peer: plain NodeSDK and instrumentation-http that keep nothing. */
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { AlwaysOffSampler, BatchSpanProcessor } from '@opentelemetry/sdk-trace';

new NodeSDK({
  sampler: new AlwaysOffSampler(),
  // Without a processor NodeSDK registers no tracer provider at all.
  spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
  metricReaders: [],
  logRecordProcessors: [],
  instrumentations: [new HttpInstrumentation()],
}).start();
createRequire(import.meta.url)('node:http');
syncBuiltinESMExports();
