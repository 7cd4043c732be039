import { type EventRecord, type EventStream, eventStream } from '@sonde/event-stream';
import { chainIdOf } from '../chains/chain-id.ts';
import { CausalGraph } from './causal-graph.ts';
import type { CausalTrace, Moment, Order } from './types.ts';

/** How far the functions over the stream look. */
export interface CausalQueryOptions {
  /** Default: the stream of this thread, with all threads attached to it. */
  readonly stream?: EventStream;
  /** Records looked at, the newest, some 2 us each. Default 20,000. */
  readonly limit?: number;
}

const DEFAULT_LIMIT = 20_000;

function recent({ stream = eventStream(), limit = DEFAULT_LIMIT }: CausalQueryOptions): CausalGraph {
  return new CausalGraph(stream.query().records(limit));
}

/** The records of one trace or chain alone: quicker, and as far back as the rings go. */
function only(name: string, { stream = eventStream(), limit = DEFAULT_LIMIT }: CausalQueryOptions): CausalGraph {
  const id = chainIdOf(name);
  return new CausalGraph(id === undefined ? [] : stream.query().where({ traceId: id }).records(limit));
}

/**
 * What the stream still holds of a trace or chain, in every thread of this process: spans as a tree, with the events in
 * them. Spans are there when `CausalOrderSpanProcessor` saw them start.
 * @param name a trace id, or the name that a chain was given
 */
export function causalTrace(name: string, options: CausalQueryOptions = {}): CausalTrace {
  return only(name, options).trace(name);
}

/** All moments of a trace or chain, of every thread, sorted by the hybrid clock; see `Order` for what that says. */
export function timeline(name: string, options: CausalQueryOptions = {}): Moment[] {
  return only(name, options).timeline(name);
}

/**
 * What an event (a record that a query or subscription gave), a span (16 hex digits), or a trace or chain follows from,
 * by the hybrid clock. Tens of milliseconds over a full stream: for diagnosis, not for each request.
 */
export function ancestors(of: string | EventRecord, options: CausalQueryOptions = {}): EventRecord[] {
  return recent(options).ancestors(of);
}

/** What follows from an event, a span, a trace or a chain; as `ancestors`. */
export function descendants(of: string | EventRecord, options: CausalQueryOptions = {}): EventRecord[] {
  return recent(options).descendants(of);
}

/** How two events are ordered, as far as carried edges tell. For many pairs build one `CausalGraph`. */
export function happenedBefore(a: EventRecord, b: EventRecord, options: CausalQueryOptions = {}): Order {
  return recent(options).happenedBefore(a, b);
}
