import { ProcessRegistry, type TraceProcess, threadOf } from './place.ts';
import { nanosSince, readSpan, type SpanFacts } from './read-span.ts';
import type { TraceSpan } from './types.ts';

/** A span in its tree. Times are nanoseconds since a common origin. */
export interface TraceNode<S extends TraceSpan = TraceSpan> {
  readonly span: S;
  readonly facts: SpanFacts;
  readonly process: TraceProcess;
  /** What the span says, else its parent's in the same process, else empty: the main thread. */
  thread: string;
  start: number;
  end: number;
  parent: TraceNode<S> | undefined;
  readonly children: TraceNode<S>[];
  /** Hangs where it hangs for want of its parent. */
  isAdopted: boolean;
}

/** The spans of one trace as the forest that their parent ids make. */
export interface Forest<S extends TraceSpan = TraceSpan> {
  readonly traceId: string;
  /** Epoch seconds that times count from. */
  readonly originSeconds: number;
  readonly nodes: readonly TraceNode<S>[];
  readonly byId: ReadonlyMap<string, TraceNode<S>>;
  readonly duplicates: number;
  readonly unreadable: number;
  readonly otherTraces: number;
  readonly negative: number;
  readonly cycles: number;
}

/** Reads spans and joins children to parents; what has no parent here, or only itself, is a root. Linear. */
export function growForest<S extends TraceSpan>(
  spans: Iterable<S>,
  traceId?: string,
  processes: ProcessRegistry = new ProcessRegistry(),
): Forest<S> {
  const intake = new Intake<S>(traceId, processes);
  for (const span of spans) intake.add(span);
  const { byId } = intake;
  const nodes = [...byId.values()];
  for (const node of nodes) node.parent = byId.get(node.facts.parentSpanId ?? '');
  const cycles = cutCycles(nodes);
  for (const node of nodes) node.parent?.children.push(node);
  for (const node of nodes) if (node.parent === undefined) visit(node, inheritThread);
  return {
    traceId: intake.traceId ?? '',
    originSeconds: intake.originSeconds ?? 0,
    nodes,
    byId,
    ...intake.counts,
    cycles,
  };
}

/** Takes spans in, each once, and counts those it leaves out. */
class Intake<S extends TraceSpan> {
  readonly byId = new Map<string, TraceNode<S>>();
  readonly #processes: ProcessRegistry;
  readonly counts = { duplicates: 0, unreadable: 0, otherTraces: 0, negative: 0 };
  traceId: string | undefined;
  originSeconds: number | undefined;

  constructor(traceId: string | undefined, processes: ProcessRegistry) {
    this.traceId = traceId;
    this.#processes = processes;
  }

  add(span: S): void {
    const facts = readSpan(span);
    if (facts === undefined) {
      this.counts.unreadable += 1;
      return;
    }
    this.traceId ??= facts.traceId;
    if (facts.traceId !== this.traceId) this.counts.otherTraces += 1;
    else if (this.byId.has(facts.spanId)) this.counts.duplicates += 1;
    else this.byId.set(facts.spanId, this.#nodeOf(span, facts));
  }

  #nodeOf(span: S, facts: SpanFacts): TraceNode<S> {
    this.originSeconds ??= facts.start.seconds;
    const start = nanosSince(this.originSeconds, facts.start);
    const end = nanosSince(this.originSeconds, facts.end);
    if (end < start) this.counts.negative += 1;
    return {
      span,
      facts,
      process: this.#processes.of(facts),
      thread: threadOf(facts) ?? '',
      start,
      end: Math.max(start, end),
      parent: undefined,
      children: [],
      isAdopted: false,
    };
  }
}

function inheritThread(node: TraceNode): void {
  if (node.thread === '' && node.parent?.process === node.process) node.thread = node.parent.thread;
}

/** Makes the earliest span of each circle of parents a root. Follows each parent link once. */
function cutCycles<S extends TraceSpan>(nodes: readonly TraceNode<S>[]): number {
  /** The walk in which a node was reached first. */
  const walkOf = new Map<TraceNode<S>, number>();
  let cycles = 0;
  for (const [walk, start] of nodes.entries()) {
    let node: TraceNode<S> | undefined = start;
    while (node !== undefined && !walkOf.has(node)) {
      walkOf.set(node, walk);
      node = node.parent;
    }
    if (node === undefined || walkOf.get(node) !== walk) continue;
    cycles += 1;
    earliestOf(node).parent = undefined;
  }
  return cycles;
}

function earliestOf<S extends TraceSpan>(member: TraceNode<S>): TraceNode<S> {
  let earliest = member;
  for (let node = member.parent; node !== undefined && node !== member; node = node.parent) {
    if (node.start < earliest.start) earliest = node;
  }
  return earliest;
}

/** Calls back for a node and all its descendants, parents first. No recursion: a trace may be as deep as it is long. */
export function visit<S extends TraceSpan>(root: TraceNode<S>, callback: (node: TraceNode<S>) => void): void {
  const open = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    callback(node);
    for (let i = node.children.length - 1; i >= 0; i -= 1) open.push(node.children[i] as TraceNode<S>);
  }
}

/** Decides where times do not, so that the order of the spans given does not. */
export function byId(a: TraceNode, b: TraceNode): number {
  return a.facts.spanId < b.facts.spanId ? -1 : 1;
}
