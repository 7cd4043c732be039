import { eventStream, formatTimestamp, type HybridClock } from '@sonde/event-stream';
import { TELEMETRY } from '../semantic-names.ts';

const { name: HLC } = TELEMETRY.attributes.hlc;

/** What is needed of a span to stamp it. */
export interface StampedSpan {
  setAttribute(key: string, value: string): unknown;
}

/**
 * When this span began, by `performance.now()`: the SDK has just read it, and a clock read is a third of the whole cost.
 * Not part of its interface: without it the clock is read.
 */
export function startMsOf(span: object): number {
  const { _performanceStartTime: startMs } = span as { readonly _performanceStartTime?: unknown };
  return typeof startMs === 'number' ? startMs : Number.NaN;
}

/**
 * Puts the attribute `sonde.hlc` on a span: a new timestamp of this thread's hybrid clock, 16 hex digits. For `onStart` of
 * a span processor, so that it orders after what was received, and before what the span sends. Some 100 ns. May throw
 * what a foreign span throws.
 */
export function stampSpan(span: StampedSpan, clock: HybridClock = eventStream().clock): void {
  span.setAttribute(HLC, formatTimestamp(clock.send(startMsOf(span))));
}
