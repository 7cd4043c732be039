import type { EventRecord } from '@sonde/event-stream';
import { keyOf, type SpanNode, threadOf } from './span-node.ts';

/** The part of a span in one thread, from or up to a moment. */
interface Reach {
  readonly node: SpanNode;
  readonly thread: string;
  readonly hlc: bigint;
}

export interface Kinship {
  readonly nodes: ReadonlyMap<string, SpanNode>;
  /** Spans that have this one as their parent, or link to it. */
  followers(key: string): readonly SpanNode[];
}

/** Visits each part of a span once, and again only when it is reached further. */
class Walk {
  readonly found = new Set<EventRecord>();
  readonly #isFurther: (hlc: bigint, than: bigint) => boolean;
  readonly #reached = new Map<string, bigint>();
  readonly #waiting: Reach[] = [];

  constructor(isFurther: (hlc: bigint, than: bigint) => boolean) {
    this.#isFurther = isFurther;
  }

  reach(node: SpanNode, thread: string, hlc: bigint): void {
    const key = `${keyOf(node)}|${thread}`;
    const known = this.#reached.get(key);
    if (known !== undefined && !this.#isFurther(hlc, known)) return;
    this.#reached.set(key, hlc);
    this.#waiting.push({ node, thread, hlc });
  }

  run(visit: (reach: Reach) => void): ReadonlySet<EventRecord> {
    for (let reach = this.#waiting.pop(); reach !== undefined; reach = this.#waiting.pop()) visit(reach);
    return this.found;
  }
}

/** Reaches back from the start of a span to those it follows from. */
function reachCauses(walk: Walk, node: SpanNode, { nodes }: Kinship): void {
  const { start, sent } = node;
  if (start === undefined) return;
  const reachBack = (key: string, sentAt: bigint | undefined): void => {
    const cause = nodes.get(key);
    if (cause === undefined) return;
    const began = cause.start;
    // In one thread all that came earlier; from another what the message vouches for, and the start at least.
    if (began === undefined || threadOf(began) === threadOf(start)) walk.reach(cause, threadOf(start), start.hlc - 1n);
    else walk.reach(cause, threadOf(began), sentAt === undefined || sentAt < began.hlc ? began.hlc : sentAt);
  };
  if (node.parentKey !== '') reachBack(node.parentKey, sent);
  for (const link of node.links) reachBack(keyOf(link), undefined);
}

/** What the given moments follow from: along spans, their parents, links and the messages that brought them. */
export function lineageBefore(moments: readonly EventRecord[], kinship: Kinship): ReadonlySet<EventRecord> {
  const walk = new Walk((hlc, than) => hlc > than);
  for (const moment of moments) {
    const node = kinship.nodes.get(keyOf(moment));
    if (node !== undefined) walk.reach(node, threadOf(moment), moment.hlc - 1n);
  }
  return walk.run(({ node, thread, hlc }) => {
    const { start, records } = node;
    for (const record of records) if (threadOf(record) === thread && record.hlc <= hlc) walk.found.add(record);
    if (start === undefined) return;
    // A span had started before anything happened in it, in whichever thread; unless it is the start that was asked for.
    const isBeforeStart = thread === threadOf(start) && hlc < start.hlc;
    if (!isBeforeStart) walk.found.add(start);
    reachCauses(walk, node, kinship);
  });
}

/** Whether a span was reached in its own thread, where messages that its children came by were sent. */
function isAtHome({ node, thread }: Reach): boolean {
  return node.start !== undefined && threadOf(node.start) === thread;
}

/** Whether a span was reached at its start or before: then all of it follows, in every thread. */
function isWhole(reach: Reach): boolean {
  return isAtHome(reach) && reach.hlc <= (reach.node.start?.hlc ?? -1n);
}

/** Whether the start of a follower lies after a moment of the span that it follows. */
function followsFrom(follower: SpanNode, start: EventRecord, reach: Reach): boolean {
  if (threadOf(start) === reach.thread) return start.hlc >= reach.hlc;
  if (isWhole(reach)) return true;
  // In another thread, what was sent at or after the moment.
  const isChild = follower.parentKey === keyOf(reach.node);
  return isChild && isAtHome(reach) && follower.sent !== undefined && follower.sent >= reach.hlc;
}

function recordsFrom(reach: Reach): EventRecord[] {
  const { node, thread, hlc } = reach;
  if (isWhole(reach)) return node.records;
  return node.records.filter((record) => threadOf(record) === thread && record.hlc >= hlc);
}

/** What follows from the given moments, along the same ways. */
export function lineageAfter(moments: readonly EventRecord[], kinship: Kinship): ReadonlySet<EventRecord> {
  const walk = new Walk((hlc, than) => hlc < than);
  const reachFrom = (moment: EventRecord): void => {
    const node = kinship.nodes.get(keyOf(moment));
    if (node !== undefined) walk.reach(node, threadOf(moment), moment.hlc);
  };
  for (const moment of moments) reachFrom(moment);
  return walk.run((reach) => {
    for (const record of recordsFrom(reach)) walk.found.add(record);
    for (const follower of kinship.followers(keyOf(reach.node))) {
      if (follower.start !== undefined && followsFrom(follower, follower.start, reach)) reachFrom(follower.start);
    }
  });
}
