import { type Span as ApiSpan, type Context, TraceFlags } from '@opentelemetry/api';
import type { ReadableSpan, Span, SpanProcessor } from '@opentelemetry/sdk-trace';
import { SpanEventProcessor } from '@sonde/event-bridge';
import { linkLocalRoot } from '@sonde/instrumentation-kit';
import { loadPackage } from './load-module.ts';
import type { ResolvedOptions } from './types.ts';

/**
 * Links each span to its local root, so that what happens below child spans finds the route of its request, and counts
 * the sampled spans that have ended. One property write and one addition a span.
 */
export class LocalRootProcessor implements SpanProcessor {
  /** Sampled spans that have ended so far: an exit has something to deliver when this has grown. */
  ended = 0;

  onStart(span: Span, parentContext: Context): void {
    linkLocalRoot(span as ApiSpan, parentContext);
  }

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0) this.ended += 1;
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}

type Scheduler = typeof import('@sonde/instrumentation-scheduler');

/** The span processors of Sonde's own that the options ask for. They export nothing and rewrite nothing. */
export function ownSpanProcessors(options: ResolvedOptions, localRoots: LocalRootProcessor): SpanProcessor[] {
  const processors: SpanProcessor[] = [localRoots];
  if (options.instrumentations.includes('scheduler')) {
    const { SchedulerSpanProcessor } = loadPackage<Scheduler>('@sonde/instrumentation-scheduler');
    processors.push(new SchedulerSpanProcessor());
  }
  if (options.spanEvents) processors.push(new SpanEventProcessor());
  return processors;
}
