/** What both ends of the benchmark's channel run with, by mode. */
import { context, propagation } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { hotMetrics } from '@sonde/hot-metrics';
import { IpcInstrumentation } from '@sonde/instrumentation-ipc';

/** `absent`: plain Node; `contexts alone`: carried by hand, see contexts-in-envelopes.ts; `off`: loaded and disabled; `on`. */
export type Mode = 'absent' | 'contexts alone' | 'off' | 'on';

/** Ten fields, as applications send them. */
export const MESSAGE = {
  id: 4711,
  kind: 'resize',
  path: '/srv/images/2026/11/21/0815.jpeg',
  width: 640,
  height: 480,
  quality: 0.85,
  isProgressive: true,
  formats: ['webp', 'avif'],
  owner: { id: 42, name: 'Ada' },
  createdAt: '2026-11-21T08:15:00.000Z',
};

class Reader extends MetricReader {
  protected override async onShutdown(): Promise<void> {}
  protected override async onForceFlush(): Promise<void> {}
}

/** Sets the world up; `absent` has what every traced application has. */
export function setUp(mode: Mode): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const propagators = [new W3CTraceContextPropagator(), new W3CBaggagePropagator()];
  propagation.setGlobalPropagator(new CompositePropagator({ propagators }));
  if (mode === 'absent' || mode === 'contexts alone') return;
  const meterProvider = new MeterProvider({ readers: [new Reader({ metricProducers: [hotMetrics().producer()] })] });
  const instrumentation = new IpcInstrumentation();
  instrumentation.setMeterProvider(meterProvider);
  if (mode === 'off') instrumentation.disable();
}
