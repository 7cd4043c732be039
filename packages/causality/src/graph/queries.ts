import type { EventRecord } from '@sonde/event-stream';
import { chainIdOf } from '../chains/chain-id.ts';
import { CausalGraph } from './causal-graph.ts';
import { type CausalQueryOptions, resolveQueryOptions } from './query-options.ts';
import type { CausalTrace, Moment, Order } from './types.ts';

function recent(owner: string, options: CausalQueryOptions): CausalGraph {
  const { stream, limit } = resolveQueryOptions(owner, options);
  return new CausalGraph(stream.query().records(limit));
}

/** The records of one trace or chain alone: quicker, and as far back as the rings go. */
function only(owner: string, name: string, options: CausalQueryOptions): CausalGraph {
  const { stream, limit } = resolveQueryOptions(owner, options);
  const id = chainIdOf(name);
  return new CausalGraph(id === undefined ? [] : stream.query().where({ traceId: id }).records(limit));
}

/**
 * What the stream still holds of a trace or chain, in every thread of this process: spans as a tree, with the events in
 * them. Spans are there when `CausalOrderSpanProcessor` saw them start.
 * @param name a trace id, or the name that a chain was given
 * @throws TypeError or RangeError for a bad option, as all that ask the stream do
 */
export function causalTrace(name: string, options: CausalQueryOptions = {}): CausalTrace {
  return only('causalTrace', name, options).trace(name);
}

/** All moments of a trace or chain, of every thread, sorted by the hybrid clock; see `Order` for what that says. */
export function timeline(name: string, options: CausalQueryOptions = {}): Moment[] {
  return only('timeline', name, options).timeline(name);
}

/**
 * What an event (a record that a query or subscription gave), a span (16 hex digits), or a trace or chain follows from,
 * by the hybrid clock. Tens of milliseconds over a full stream: for diagnosis, not for each request.
 * @throws TypeError or RangeError for a bad option, TypeError for an object that is no record
 */
export function ancestors(of: string | EventRecord, options: CausalQueryOptions = {}): EventRecord[] {
  return recent('ancestors', options).ancestors(of);
}

/**
 * What follows from an event, a span, a trace or a chain; as `ancestors`.
 * @throws TypeError or RangeError for a bad option, TypeError for an object that is no record
 */
export function descendants(of: string | EventRecord, options: CausalQueryOptions = {}): EventRecord[] {
  return recent('descendants', options).descendants(of);
}

/**
 * How two events are ordered, as far as carried edges tell. For many pairs build one `CausalGraph`.
 * @throws TypeError or RangeError for a bad option, TypeError for what is no record
 */
export function happenedBefore(a: EventRecord, b: EventRecord, options: CausalQueryOptions = {}): Order {
  return recent('happenedBefore', options).happenedBefore(a, b);
}
