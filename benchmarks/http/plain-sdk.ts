/**
 * The peer: what somebody without Sonde preloads to get the same signals of an HTTP service. NodeSDK with
 * instrumentation-http, spans through a batch processor to OTLP over HTTP, metrics on a Prometheus port. The built-in
 * http module is patched the way that works for ESM applications without a loader.
 */
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace';

const sdk = new NodeSDK({
  instrumentations: [new HttpInstrumentation()],
  spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
  metricReaders: [
    new PrometheusExporter({ host: '127.0.0.1', port: Number(process.env.OTEL_EXPORTER_PROMETHEUS_PORT ?? 0) }),
  ],
});
sdk.start();
createRequire(import.meta.url)('node:http');
syncBuiltinESMExports();
