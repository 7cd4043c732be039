import type { EventRecord } from '@sonde/event-stream';
import { keyOf, type SpanNode, threadOf } from './span-node.ts';

/** Something that arrived in a thread: up to and with `upTo`, the thread `from` lies before `at`, and all that follows. */
interface Arrival {
  readonly at: bigint;
  readonly from: string;
  readonly upTo: bigint;
}

/** How much of each thread is known to lie before a moment: up to and with this timestamp. A vector clock. */
export type CausalPast = ReadonlyMap<string, bigint>;

/** What the start of a span brought from other threads: its parent, up to when the message was sent, and its links. */
function broughtBy(node: SpanNode, nodes: ReadonlyMap<string, SpanNode>): Arrival[] {
  const { start, sent } = node;
  if (start === undefined) return [];
  const arrivals: Arrival[] = [];
  const bring = (key: string, sentAt: bigint | undefined): void => {
    const cause = nodes.get(key)?.start;
    if (cause === undefined || threadOf(cause) === threadOf(start)) return;
    const upTo = sentAt === undefined || sentAt < cause.hlc ? cause.hlc : sentAt;
    arrivals.push({ at: start.hlc, from: threadOf(cause), upTo });
  };
  bring(node.parentKey, sent);
  for (const link of node.links) bring(keyOf(link), undefined);
  return arrivals;
}

/** Records of a span in other threads than its own: its context was carried there, so it had started before. */
function carriedFrom({ start, records }: SpanNode): (Arrival & { readonly to: string })[] {
  if (start === undefined) return [];
  const own = threadOf(start);
  const away = records.filter((record) => threadOf(record) !== own);
  return away.map((record) => ({ to: threadOf(record), at: record.hlc, from: own, upTo: start.hlc }));
}

/** The edges between threads that are known from the starts of spans, and the past of any moment along them. */
export class ArrivalLog {
  /** By receiving thread, in the order of its clock. */
  readonly #byThread = new Map<string, Arrival[]>();

  constructor(nodes: ReadonlyMap<string, SpanNode>) {
    for (const node of nodes.values()) {
      if (node.start === undefined) continue;
      for (const arrival of broughtBy(node, nodes)) this.#add(threadOf(node.start), arrival);
      for (const arrival of carriedFrom(node)) this.#add(arrival.to, arrival);
    }
    for (const arrivals of this.#byThread.values()) arrivals.sort((a, b) => (a.at < b.at ? -1 : 1));
  }

  /**
   * The past of a moment: its own thread up to itself, and along every edge that arrived in that past, as far again.
   * Each arrival is looked at once: linear.
   */
  pastOf(moment: EventRecord): CausalPast {
    const past = new Map<string, bigint>([[threadOf(moment), moment.hlc]]);
    const seen = new Map<string, number>();
    const waiting = [threadOf(moment)];
    for (let thread = waiting.pop(); thread !== undefined; thread = waiting.pop()) {
      const arrivals = this.#byThread.get(thread) ?? [];
      const bound = past.get(thread) as bigint;
      let next = seen.get(thread) ?? 0;
      for (let arrival = arrivals[next]; arrival !== undefined && arrival.at <= bound; arrival = arrivals[next]) {
        next += 1;
        if (arrival.upTo <= (past.get(arrival.from) ?? -1n)) continue;
        past.set(arrival.from, arrival.upTo);
        waiting.push(arrival.from);
      }
      seen.set(thread, next);
    }
    return past;
  }

  #add(thread: string, { at, from, upTo }: Arrival): void {
    const known = this.#byThread.get(thread);
    if (known === undefined) this.#byThread.set(thread, [{ at, from, upTo }]);
    else known.push({ at, from, upTo });
  }
}
