import type { EventRecord } from '@sonde/event-stream';
import { chainIdOf } from '../chains/chain-id.ts';
import { checkIterable } from '../check-iterable.ts';
import { isSpanId } from '../order/causes.ts';
import { ArrivalLog } from './causal-past.ts';
import { checkRecord } from './check-record.ts';
import { type Kinship, lineageAfter, lineageBefore } from './lineage.ts';
import { keyOf, SpanNode, threadOf } from './span-node.ts';
import { byClock, momentOf, traceFrom } from './trace-view.ts';
import type { CausalTrace, Moment, Order } from './types.ts';

const NONE: readonly SpanNode[] = [];

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isSame(a: EventRecord, b: EventRecord): boolean {
  return a.sequence === b.sequence && a.hlc === b.hlc && threadOf(a) === threadOf(b);
}

/**
 * Spans, chains and events with the edges between them, built from records of event streams: of one process, or of many
 * whose records somebody has collected. What has no trace is left out. Everything is looked up by the hybrid clock, and
 * order is claimed along carried edges only: within a thread, from parent to child, from the source of a link to the span
 * that has it, and from a message's sender up to when it was sent.
 */
export class CausalGraph implements Kinship {
  readonly nodes: ReadonlyMap<string, SpanNode>;
  readonly #byTrace = new Map<string, SpanNode[]>();
  readonly #followers = new Map<string, SpanNode[]>();
  #arrivals: ArrivalLog | undefined;

  /** @throws TypeError for what is no list of records */
  constructor(records: Iterable<EventRecord>) {
    checkIterable('CausalGraph', 'records', records);
    const nodes = new Map<string, SpanNode>();
    for (const record of records) {
      checkRecord('CausalGraph', 'each of the records', record);
      if (record.traceId !== '') this.#nodeOf(record, nodes).add(record);
    }
    for (const node of nodes.values()) {
      node.records.sort(byClock);
      if (node.parentKey !== '') this.#follow(node.parentKey, node);
      for (const link of node.links) this.#follow(keyOf(link), node);
    }
    this.nodes = nodes;
  }

  followers(key: string): readonly SpanNode[] {
    return this.#followers.get(key) ?? NONE;
  }

  /** The spans, stays and events of a trace or chain, as a tree. */
  trace(name: string): CausalTrace {
    const id = chainIdOf(name) ?? '';
    return traceFrom(id, this.#byTrace.get(id) ?? NONE);
  }

  /** All moments of a trace or chain, of every thread, by the hybrid clock. */
  timeline(name: string): Moment[] {
    const nodes = this.#byTrace.get(chainIdOf(name) ?? '') ?? NONE;
    const moments = nodes.flatMap((node) => node.records.map((record) => momentOf(record, node)));
    return moments.sort((a, b) => byClock(a.event, b.event));
  }

  /**
   * What an event follows from. Of a span: what its start follows from. Of a trace or chain: what any of it follows from
   * that is not part of it. By the hybrid clock.
   * @throws TypeError for an object that is no record
   */
  ancestors(of: string | EventRecord): EventRecord[] {
    if (isObject(of)) checkRecord('ancestors', 'of', of);
    return this.#kin(of, lineageBefore);
  }

  /**
   * What follows from an event, from a span, or from a trace or chain outside of it. By the hybrid clock.
   * @throws TypeError for an object that is no record
   */
  descendants(of: string | EventRecord): EventRecord[] {
    if (isObject(of)) checkRecord('descendants', 'of', of);
    return this.#kin(of, lineageAfter);
  }

  /**
   * How two events are ordered, as far as carried edges tell; see {@link Order}. Linear in the spans known.
   * @throws TypeError for what is no record
   */
  happenedBefore(a: EventRecord, b: EventRecord): Order {
    checkRecord('happenedBefore', 'a', a);
    checkRecord('happenedBefore', 'b', b);
    if (isSame(a, b)) return 'same';
    if (this.#isBefore(a, b)) return 'before';
    return this.#isBefore(b, a) ? 'after' : 'unknown';
  }

  #isBefore(a: EventRecord, b: EventRecord): boolean {
    if (threadOf(a) === threadOf(b)) return a.hlc < b.hlc;
    this.#arrivals ??= new ArrivalLog(this.nodes);
    return a.hlc <= (this.#arrivals.pastOf(b).get(threadOf(a)) ?? -1n);
  }

  #kin(of: string | EventRecord, lineage: typeof lineageBefore): EventRecord[] {
    const moments = this.#momentsOf(of);
    const ids = new Set(moments.map(({ traceId }) => traceId));
    const isWhole = typeof of === 'string' && !this.#isKnownSpan(of);
    const found = [...lineage(moments, this)].filter((record) =>
      isWhole ? !ids.has(record.traceId) : !moments.some((moment) => isSame(moment, record)),
    );
    return found.sort(byClock);
  }

  #momentsOf(of: string | EventRecord): readonly EventRecord[] {
    if (typeof of !== 'string') return isObject(of) ? [of] : [];
    if (!this.#isKnownSpan(of))
      return (this.#byTrace.get(chainIdOf(of) ?? '') ?? NONE).flatMap(({ records }) => records);
    const spans = [...this.nodes.values()].filter(({ spanId }) => spanId === of);
    return spans.flatMap(({ start, records }) => start ?? records.slice(0, 1));
  }

  #isKnownSpan(name: string): boolean {
    return isSpanId(name) && [...this.nodes.values()].some(({ spanId }) => spanId === name);
  }

  #nodeOf(record: EventRecord, nodes: Map<string, SpanNode>): SpanNode {
    const key = keyOf(record);
    let node = nodes.get(key);
    if (node === undefined) {
      node = new SpanNode(record);
      nodes.set(key, node);
      const siblings = this.#byTrace.get(record.traceId);
      if (siblings === undefined) this.#byTrace.set(record.traceId, [node]);
      else siblings.push(node);
    }
    return node;
  }

  #follow(key: string, follower: SpanNode): void {
    const known = this.#followers.get(key);
    if (known === undefined) this.#followers.set(key, [follower]);
    else known.push(follower);
  }
}
