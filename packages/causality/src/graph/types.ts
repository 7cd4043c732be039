import type { EventRecord } from '@sonde/event-stream';
import type { SpanReference } from '../order/causes.ts';

/** A span, or a stay in a chain, with what happened in it. */
export interface CausalSpan extends SpanReference {
  /** Empty when its start is not known. */
  readonly name: string;
  /** Kind of the span, `chain` for a stay in a chain, empty when its start is not known. */
  readonly kind: string;
  /** Empty for none, and when its start is not known. */
  readonly parentSpanId: string;
  readonly links: readonly SpanReference[];
  /** The record of its start; undefined when it is not recorded, or its start is no longer in the stream. */
  readonly start: EventRecord | undefined;
  /** The record of its end; undefined while it is open, and without `SpanEventProcessor`. */
  readonly end: EventRecord | undefined;
  /** Seconds; NaN when its end is not known. */
  readonly duration: number;
  /** What else was emitted in it, in every thread, by the hybrid clock. */
  readonly events: readonly EventRecord[];
  readonly children: readonly CausalSpan[];
}

/** A trace or chain as this process knows it. */
export interface CausalTrace {
  /** 32 hex digits. */
  readonly id: string;
  /** Spans without a parent here, by the hybrid clock. */
  readonly roots: readonly CausalSpan[];
  /** All spans, by the hybrid clock. */
  readonly spans: readonly CausalSpan[];
}

/** What a moment on a timeline is. */
export type MomentKind = 'span_start' | 'span_end' | 'chain_enter' | 'event';

/** One moment of a trace or chain. */
export interface Moment {
  readonly what: MomentKind;
  /** Name of the span, for its start and end; else of the event. */
  readonly name: string;
  readonly spanId: string;
  /** Epoch milliseconds by the clock of the machine; threads and hosts may differ. */
  readonly time: number;
  /** The hybrid clock, by which moments are sorted. */
  readonly hlc: bigint;
  readonly threadId: number;
  readonly pid: number;
  readonly event: EventRecord;
}

/**
 * What is known of the order of two events. `unknown`: they are concurrent, or ordered along a way that was not carried;
 * a hybrid clock cannot tell these apart.
 */
export type Order = 'before' | 'after' | 'same' | 'unknown';
