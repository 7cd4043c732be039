import type { Span as ApiSpan, Context } from '@opentelemetry/api';
import type { Span, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { AnomalyDetection } from '@sonde/anomaly-detection';
import { SpanEventProcessor } from '@sonde/event-bridge';
import { guarded, linkLocalRoot } from '@sonde/instrumentation-kit';
import { loadPackage } from './load-module.ts';
import type { ResolvedOptions } from './types.ts';

type Causality = typeof import('@sonde/causality');

/**
 * Links each span to its local root, so that what happens below child spans finds the route of its request, and counts
 * the spans that have ended. One property write and one addition a span.
 */
export class LocalRootProcessor implements SpanProcessor {
  /** Recorded spans that have ended so far: an exit may have something to deliver when this has grown. */
  ended = 0;

  onStart(span: Span, parentContext: Context): void {
    linkLocalRoot(span as ApiSpan, parentContext);
  }

  onEnd(): void {
    this.ended += 1;
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}

/** Gives each recorded span its place in the order of the hybrid clock. Some 100 ns a span. */
class ClockProcessor implements SpanProcessor {
  readonly onStart: (span: Span) => void;

  constructor(stampSpan: Causality['stampSpan']) {
    this.onStart = guarded('node.clock', (span) => stampSpan(span));
  }

  onEnd(): void {}

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}

type Scheduler = typeof import('@sonde/instrumentation-scheduler');

/** The span processors of Sonde's own that the options ask for. They export nothing and rewrite nothing. */
export function ownSpanProcessors(
  options: ResolvedOptions,
  localRoots: LocalRootProcessor,
  anomalies: Pick<AnomalyDetection, 'spanProcessor'> | undefined,
): SpanProcessor[] {
  const processors: SpanProcessor[] = [localRoots];
  if (options.instrumentations.includes('scheduler')) {
    const { SchedulerSpanProcessor } = loadPackage<Scheduler>('@sonde/instrumentation-scheduler');
    processors.push(new SchedulerSpanProcessor());
  }
  const { CausalOrderSpanProcessor, stampSpan } = loadPackage<Causality>('@sonde/causality');
  if (options.spanEvents) processors.push(new CausalOrderSpanProcessor(), new SpanEventProcessor());
  else processors.push(new ClockProcessor(stampSpan));
  if (anomalies !== undefined) processors.push(anomalies.spanProcessor as unknown as SpanProcessor);
  return processors;
}
