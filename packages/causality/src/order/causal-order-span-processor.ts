import type { Context } from '@opentelemetry/api';
import { eventStream } from '@sonde/event-stream';
import { createSpanStarts, type SpanStarts, type StartedSpan } from './note-span-start.ts';

/**
 * Gives every recorded span its place in the causal order: the attribute `sonde.hlc`, and the event `sonde.span.started`
 * that says what the span follows from. `causalTrace`, `timeline`, `ancestors` and `descendants` read these events,
 * so there is nothing to collect: the stream keeps what is recent, of all threads. Put it beside the exporting processor,
 * and `SpanEventProcessor` of `@sonde/event-bridge` beside it for ends and durations.
 *
 * Under a microsecond a span; exports nothing, never throws.
 */
export class CausalOrderSpanProcessor {
  readonly #starts: SpanStarts = createSpanStarts();
  #isShutDown = false;

  onStart(span: StartedSpan, parentContext: Context): void {
    if (!this.#isShutDown) this.#starts.start(span, parentContext);
  }

  onEnd(): void {}

  /** Publishes the events emitted so far to other threads. */
  async forceFlush(): Promise<void> {
    eventStream().flush();
  }

  async shutdown(): Promise<void> {
    this.#isShutDown = true;
    eventStream().flush();
  }
}
