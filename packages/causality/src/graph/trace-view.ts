import type { EventRecord } from '@sonde/event-stream';
import { SPAN_ENDED, TELEMETRY } from '../semantic-names.ts';
import { keyOf, type SpanNode } from './span-node.ts';
import type { CausalSpan, CausalTrace, Moment, MomentKind } from './types.ts';

const { spanStarted, chainEntered } = TELEMETRY.events;
const { spanName: NAME, spanKind: KIND } = TELEMETRY.attributes;
const KINDS: ReadonlyMap<string, MomentKind> = new Map([
  [spanStarted.name, 'span_start'],
  [chainEntered.name, 'chain_enter'],
  [SPAN_ENDED, 'span_end'],
]);

/** By the hybrid clock; equal timestamps, which different threads may have, by process, thread and place in the thread. */
export function byClock(a: EventRecord, b: EventRecord): number {
  if (a.hlc !== b.hlc) return a.hlc < b.hlc ? -1 : 1;
  return a.pid - b.pid || a.threadId - b.threadId || a.sequence - b.sequence;
}

function nameOf({ start, end }: SpanNode): string {
  return end?.labels[NAME.name] ?? start?.labels[NAME.name] ?? '';
}

function kindOf({ start, end }: SpanNode): string {
  if (start?.name === chainEntered.name) return 'chain';
  return (start ?? end)?.labels[KIND.name] ?? '';
}

export function momentOf(event: EventRecord, node: SpanNode): Moment {
  const what = KINDS.get(event.name) ?? 'event';
  const { spanId, time, hlc, threadId, pid } = event;
  const isOfSpan = what === 'span_start' || what === 'span_end';
  return { what, name: isOfSpan ? nameOf(node) : event.name, spanId, time, hlc, threadId, pid, event };
}

interface GrowingSpan extends CausalSpan {
  readonly children: CausalSpan[];
}

function spanOf(node: SpanNode): GrowingSpan {
  const { traceId, spanId, start, end, links, records, parentKey } = node;
  return {
    traceId,
    spanId,
    name: nameOf(node),
    kind: kindOf(node),
    parentSpanId: parentKey.slice(parentKey.indexOf('-') + 1),
    links,
    start,
    end,
    duration: end?.value ?? Number.NaN,
    events: records.filter((record) => record !== start && record !== end),
    children: [],
  };
}

function breakCircles(sorted: readonly SpanNode[], spans: ReadonlyMap<string, GrowingSpan>, roots: CausalSpan[]): void {
  const reached = new Set<CausalSpan>();
  const reach = (root: CausalSpan): void => {
    const waiting = [root];
    for (let span = waiting.pop(); span !== undefined; span = waiting.pop()) {
      if (reached.has(span)) continue;
      reached.add(span);
      waiting.push(...span.children);
    }
  };
  for (const root of roots) reach(root);
  for (const node of sorted) {
    const span = spans.get(keyOf(node)) as GrowingSpan;
    if (reached.has(span)) continue;
    const { children } = spans.get(node.parentKey) as GrowingSpan;
    children.splice(children.indexOf(span), 1);
    roots.push(span);
    reach(span);
  }
}

/**
 * Hangs spans below their parents. Where spans are their own ancestors, which only hostile ids can make them, the earliest
 * of each circle is a root.
 */
export function traceFrom(id: string, nodes: readonly SpanNode[]): CausalTrace {
  const sorted = [...nodes].sort((a, b) => byClock(a.records[0] as EventRecord, b.records[0] as EventRecord));
  const spans = new Map(sorted.map((node) => [keyOf(node), spanOf(node)]));
  const roots: CausalSpan[] = [];
  for (const node of sorted) {
    const span = spans.get(keyOf(node)) as GrowingSpan;
    const parent = spans.get(node.parentKey);
    if (parent === undefined || parent === span) roots.push(span);
    else parent.children.push(span);
  }
  breakCircles(sorted, spans, roots);
  return { id, roots, spans: [...spans.values()] };
}
