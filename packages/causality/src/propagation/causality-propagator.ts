import {
  type Context,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  trace,
} from '@opentelemetry/api';
import { eventStream, formatTimestamp, type HybridClock } from '@sonde/event-stream';
import { checkOptionNames, receiveTimestamp, rememberSent, reportFailure, show } from '@sonde/instrumentation-kit';
import { timestampMetrics } from './timestamp-metrics.ts';
import { formatMember, isVouchedFor, putMember, takeMember, timestampOf } from './tracestate-member.ts';

const TRACEPARENT = 'traceparent';
const TRACESTATE = 'tracestate';

/** Options of {@link CausalityPropagator}. */
export interface CausalityPropagatorConfig {
  /** The propagator that writes and reads trace contexts; any that writes `traceparent` makes timestamps travel. */
  readonly propagator: TextMapPropagator;
  /** Default: the clock of this thread's event stream. */
  readonly clock?: HybridClock;
}

function isHeader(key: string, header: string): boolean {
  return key === header || (key.length === header.length && key.toLowerCase() === header);
}

/** The active span's id, empty when its context was received, and is only passed on. */
function ownSpanId(active: Context): string {
  const spanContext = trace.getSpanContext(active);
  return spanContext === undefined || spanContext.isRemote === true ? '' : spanContext.spanId;
}

/** Passes on what the inner propagator writes, except for the tracestate, which is held back. */
class HoldingSetter implements TextMapSetter {
  hasParent = false;
  /** What the inner propagator wrote, and under which key. */
  state = '';
  key = '';
  readonly #setter: TextMapSetter;

  constructor(setter: TextMapSetter) {
    this.#setter = setter;
  }

  set(carrier: unknown, key: string, value: string): void {
    if (isHeader(key, TRACESTATE)) {
      this.key = key;
      this.state = value;
      return;
    }
    if (isHeader(key, TRACEPARENT)) this.hasParent = true;
    this.#setter.set(carrier, key, value);
  }
}

/** Shows the inner propagator the tracestate without our member, and keeps that. */
class TakingGetter implements TextMapGetter {
  member: string | undefined;
  readonly #getter: TextMapGetter;

  constructor(getter: TextMapGetter) {
    this.#getter = getter;
  }

  get(carrier: unknown, key: string): string | string[] | undefined {
    const value = this.#getter.get(carrier, key);
    if (value === undefined || !isHeader(key, TRACESTATE)) return value;
    return Array.isArray(value) ? value.map((line) => this.#take(line)) : this.#take(value);
  }

  keys(carrier: unknown): string[] {
    return this.#getter.keys(carrier);
  }

  /** Getters return what they find, whatever they are typed as. */
  #take(value: string): string {
    if (typeof value !== 'string') return value;
    const { member, rest } = takeMember(value);
    this.member ??= member;
    return rest;
  }
}

/**
 * Lets the hybrid logical clock travel with the trace context, as the member `sonde` of the tracestate. Put it around all
 * other propagators.
 *
 * On inject, when the inner propagator has written a `traceparent`, the member is put in front of its tracestate, in place
 * of any that was there; members of other vendors stay, and if there is no room beside them (32 members, 512 characters)
 * the timestamp is left out and counted. On extract the member is taken out before the inner propagator sees it, so that
 * it is in no span context and no exported span, and given to the clock, which refuses what is malformed or further ahead
 * than its drift. Without `traceparent` (b3 alone, or no propagator) nothing is carried.
 *
 * Never throws after construction; a failure of the inner propagator costs the trace, not the message.
 * @throws TypeError when it is given no propagator, a clock that is none, or an unknown option
 */
export class CausalityPropagator implements TextMapPropagator {
  readonly #inner: TextMapPropagator;
  readonly #clock: HybridClock;

  constructor(config: CausalityPropagatorConfig) {
    checkOptionNames('CausalityPropagator', config, ['propagator', 'clock']);
    const { propagator, clock = eventStream().clock } = config;
    if (typeof propagator?.inject !== 'function' || typeof propagator.extract !== 'function') {
      throw new TypeError(
        `CausalityPropagator: propagator must be a TextMapPropagator, got ${show(propagator)}; give it new W3CTraceContextPropagator()`,
      );
    }
    if (typeof clock?.send !== 'function' || typeof clock.receive !== 'function') {
      throw new TypeError(
        `CausalityPropagator: clock must be a HybridClock, such as eventStream().clock, got ${show(clock)}`,
      );
    }
    this.#inner = propagator;
    this.#clock = clock;
  }

  inject(active: Context, carrier: unknown, setter: TextMapSetter): void {
    const holding = new HoldingSetter(setter);
    try {
      this.#inner.inject(active, carrier, holding);
    } catch (error) {
      reportFailure('causality.inject', error);
    }
    try {
      this.#writeState(holding, carrier, setter, ownSpanId(active));
    } catch (error) {
      reportFailure('causality.inject', error);
    }
  }

  extract(active: Context, carrier: unknown, getter: TextMapGetter): Context {
    try {
      const taking = new TakingGetter(getter);
      const extracted = this.#inner.extract(active, carrier, taking);
      if (taking.member !== undefined) this.#receive(taking.member, active, extracted);
      return extracted;
    } catch (error) {
      reportFailure('causality.extract', error);
      return active;
    }
  }

  fields(): string[] {
    try {
      const fields = this.#inner.fields();
      return fields.includes(TRACEPARENT) && !fields.includes(TRACESTATE) ? [...fields, TRACESTATE] : fields;
    } catch (error) {
      reportFailure('causality.fields', error);
      return [];
    }
  }

  #writeState(held: HoldingSetter, carrier: unknown, setter: TextMapSetter, spanId: string): void {
    const { hasParent, state, key } = held;
    if (hasParent) {
      const withOwn = putMember(state, formatMember(formatTimestamp(this.#clock.send()), spanId));
      if (withOwn !== undefined) {
        setter.set(carrier, key || TRACESTATE, withOwn);
        return;
      }
      timestampMetrics().omitted.add(1);
    }
    // One that came from elsewhere would be taken for ours.
    if (key !== '') setter.set(carrier, key, takeMember(state).rest);
  }

  #receive(member: string, active: Context, extracted: Context): void {
    const spanContext = trace.getSpanContext(extracted);
    // A tracestate without a valid traceparent counts as absent.
    if (spanContext === undefined || spanContext === trace.getSpanContext(active)) return;
    const sent = receiveTimestamp(timestampOf(member), this.#clock);
    const { accepted, refused } = timestampMetrics();
    if (sent === undefined) {
      refused.add(1);
      return;
    }
    accepted.add(1);
    if (isVouchedFor(member, spanContext.spanId)) rememberSent(extracted, sent);
  }
}
