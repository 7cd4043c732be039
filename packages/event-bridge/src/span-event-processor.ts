import { type Span, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import { type EventHandle, eventStream, Severity } from '@sonde/event-stream';
import { contextOf, countDropped, warnOnce } from '@sonde/instrumentation-kit';
import { TELEMETRY } from './semantic-names.ts';

/** Span names told apart; `_OTHER`, as the semantic conventions say, stands for the rest. Names are interned for ever. */
const MAX_NAMES = 1000;
const OTHER = '_OTHER';
/** By `SpanKind`. */
const KINDS = ['internal', 'server', 'client', 'producer', 'consumer'] as const;
const { spanName: NAME, spanKind: KIND } = TELEMETRY.attributes;

/**
 * Makes each ended span an event of this thread's stream, `sonde.span`, so that queries see spans beside what the layers below
 * reported: value is the duration in seconds, the trace context that of the span, the severity ERROR for a status of
 * error and INFO otherwise, the time when it ended. It changes nothing on the span and passes nothing on: put it
 * beside the exporting processor.
 *
 * Costs a map look-up and one emit a span; allocates only for a name, kind and status not seen before. Never throws.
 */
export class SpanEventProcessor implements SpanProcessor {
  readonly #stream = eventStream();
  readonly #spanEvent: EventHandle = this.#stream.event(TELEMETRY.events.span);
  /** Handles by span name; within, by kind and status. */
  readonly #byName = new Map<string, (EventHandle | undefined)[]>();
  #isShutDown = false;

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (this.#isShutDown) return;
    try {
      const isError = span.status.code === SpanStatusCode.ERROR;
      const handle = this.#handleOf(span.name, span.kind * 2 + (isError ? 1 : 0));
      if (!handle.enabled) return;
      const { duration } = span;
      // The clock is read by the stream: an end time set by hand may lie anywhere, and would spoil the order.
      handle.emit(Number.NaN, duration[0] + duration[1] / 1e9, Number.NaN, contextOf(span as unknown as Span));
    } catch (error) {
      countDropped('event-bridge.span');
      warnOnce('event-bridge.span', 'SpanEventProcessor: a span could not become an event', error);
    }
  }

  /** Publishes the events emitted so far to other threads. */
  async forceFlush(): Promise<void> {
    this.#stream.flush();
  }

  async shutdown(): Promise<void> {
    this.#isShutDown = true;
    this.#stream.flush();
  }

  #handleOf(name: string, index: number): EventHandle {
    return this.#byName.get(name)?.[index] ?? this.#bind(name, index);
  }

  #bind(name: string, index: number): EventHandle {
    let known = this.#byName.get(name);
    if (known === undefined) {
      if (this.#byName.size >= MAX_NAMES && name !== OTHER) return this.#handleOf(OTHER, index);
      known = new Array(KINDS.length * 2);
      this.#byName.set(name, known);
    }
    const kind = KINDS[index >> 1] ?? OTHER;
    const severity = index % 2 === 1 ? Severity.ERROR : Severity.INFO;
    const handle = this.#spanEvent.bind({ [NAME.name]: name, [KIND.name]: kind }, severity);
    known[index] = handle;
    return handle;
  }
}
