import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';

/**
 * `bare`: the SDK alone. `contexts alone`: carried by hand, see contexts-in-slots.ts. `on`: contexts carried, messages
 * counted and timed. `on, recording`: a `send` and a `process` span for each message as well, which is what an application
 * asks for when it records the trace.
 */
export const VARIANTS = ['bare', 'contexts alone', 'loaded but off', 'on', 'on, recording'] as const;

/** Takes spans and drops them. */
const exporter: SpanExporter = { export: (_spans, done) => done({ code: 0 }), shutdown: async () => {} };

class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** Starts, in this thread or process, what a variant consists of. */
export async function startVariant(variant: string): Promise<void> {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] });
  trace.setGlobalTracerProvider(provider);
  if (variant === 'bare' || variant === 'contexts alone') return;
  const { hotMetrics } = await import('@sonde/hot-metrics');
  const { IpcInstrumentation } = await import('@sonde/instrumentation-ipc');
  const isOn = variant !== 'loaded but off';
  const ipc = new IpcInstrumentation({ enabled: isOn, spans: variant === 'on, recording' });
  if (!isOn) return;
  ipc.setTracerProvider(provider);
  const reader = new Reader({ metricProducers: [hotMetrics().producer({ temporality: 'cumulative' })] });
  ipc.setMeterProvider(new MeterProvider({ readers: [reader] }));
}
