/** The same as always-off.ts with an adaptive sampler, a tail processor and a governor. `OVERHEAD_TARGET` is its target. */
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { BatchSpanProcessor, type Sampler, type SpanProcessor } from '@opentelemetry/sdk-trace';
import { AdaptiveSampler, OverheadGovernor, TailSamplingSpanProcessor } from '@sonde/sampling';

const sampler = new AdaptiveSampler({ tracesPerSecond: Number(process.env.TRACES_PER_SECOND) });
const governor = new OverheadGovernor({ sampler, target: Number(process.env.OVERHEAD_TARGET) });
const next = new BatchSpanProcessor({ exporter: governor.exporter(new OTLPTraceExporter()) });
const tail = new TailSamplingSpanProcessor({ sampler, next: next as never });
new NodeSDK({
  sampler: sampler as unknown as Sampler,
  spanProcessors: [sampler.spanProcessor(), tail, governor.spanProcessor()] as unknown as SpanProcessor[],
  metricReaders: [],
  logRecordProcessors: [],
  instrumentations: [new HttpInstrumentation()],
}).start();
(globalThis as { describeGovernor?: () => unknown }).describeGovernor = () => governor.describe();
createRequire(import.meta.url)('node:http');
syncBuiltinESMExports();
