import type { HrTime, Link, SpanContext, SpanKind } from '@opentelemetry/api';

/** Attributes as anybody may have made them: values are narrowed where they are read. */
export type LooseAttributes = { readonly [key: string]: unknown };

/** What the SDK keeps of the place a span comes from: `process.pid`, `host.name`, `service.name`, `thread.id` are read. */
export interface SpanResource {
  readonly attributes?: LooseAttributes | undefined;
}

/** A span of an SDK (`ReadableSpan` of 2.x and 3.x, structurally), as exporters and processors get it. */
export interface SdkTraceSpan {
  readonly name: string;
  readonly kind: SpanKind;
  spanContext(): SpanContext;
  readonly parentSpanContext?: SpanContext | undefined;
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly status: { readonly code: number };
  readonly attributes: LooseAttributes;
  readonly links: readonly Link[];
  readonly events?: readonly { readonly name: string; readonly time: HrTime }[];
  readonly resource: SpanResource;
}

/** A link of a plain span. */
export interface PlainLink {
  readonly context: { readonly traceId: string; readonly spanId: string };
  readonly attributes?: LooseAttributes | undefined;
}

/** Something that happened at one moment of a plain span. */
export interface PlainEvent {
  readonly name: string;
  readonly time: number | HrTime;
  readonly attributes?: LooseAttributes | undefined;
}

/** A span from anywhere else, as plain data: what a file, a store or an OTLP decoder makes of one. */
export interface PlainTraceSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Missing or empty: the root of the trace. */
  readonly parentSpanId?: string | undefined;
  readonly name: string;
  /** Default: internal. */
  readonly kind?: SpanKind | undefined;
  /** Epoch milliseconds, or seconds and nanoseconds, which are exact. */
  readonly start: number | HrTime;
  readonly end: number | HrTime;
  readonly attributes?: LooseAttributes | undefined;
  readonly links?: readonly PlainLink[] | undefined;
  readonly status?: { readonly code: number } | undefined;
  readonly events?: readonly PlainEvent[] | undefined;
  readonly resource?: SpanResource | undefined;
}

/** Any span that the functions of this package read. */
export type TraceSpan = SdkTraceSpan | PlainTraceSpan;

/** Options of {@link criticalPath}. */
export interface CriticalPathOptions {
  /** The trace to look at. Default: that of the first span that can be read. Spans of others are counted and left out. */
  traceId?: string | undefined;
  /** Id of the span whose duration is explained. Default: the longest span without a parent. */
  rootSpanId?: string | undefined;
  /**
   * Milliseconds, 0 to 60,000, by which a span may end after the next one began, or after the root, and still count as
   * finished before it: the SDK takes starts from a clock of whole milliseconds. At most half the span's length. Default 1.
   */
  toleranceMs?: number | undefined;
  /**
   * How far the clock of a process may be moved where its spans begin before the spans that caused them, 0 to 3,600,000
   * ms. What is further off is cut at the parent's start instead; 0 only cuts. Default 60,000.
   */
  maxClockShiftMs?: number | undefined;
  /** Spans whose parent is missing hang under the root where they lie within it. False leaves them out. Default true. */
  adoptOrphans?: boolean | undefined;
}

/** One part of the path: a span that worked, or waited for something that no span tells of. */
export interface PathSegment<S extends TraceSpan = TraceSpan> {
  readonly span: S;
  /** Milliseconds since the start of the root, by the root's clock. Each segment begins where the one before it ends. */
  readonly startMs: number;
  readonly endMs: number;
  /** `endMs - startMs`. */
  readonly selfMs: number;
  /** Set where the time passed until this span began elsewhere (another thread or process, or later): a queue, a wire. */
  readonly waitsFor: S | undefined;
  /** What the span's `sonde.blame.*` attributes say of the whole span; the segment is the part of it on the path. */
  readonly blame: readonly BlameShare[];
}

/** One cause of a span's duration: the last part of a `sonde.blame.*` attribute and its value. */
export interface BlameShare {
  readonly cause: string;
  readonly seconds: number;
}

/** All segments of spans with one name in one service. */
export interface OperationTotal {
  readonly name: string;
  /** `service.name`, or empty. */
  readonly service: string;
  readonly selfMs: number;
  /** Part of the root's duration, 0 to 1. */
  readonly share: number;
  /** Spans of this operation on the path. */
  readonly spans: number;
}

/** A span of the trace and where it stands in the root's tree. */
export interface TraceEntry<S extends TraceSpan = TraceSpan> {
  readonly span: S;
  /** For people: the name of the span, with the path where it says no more than an HTTP method. */
  readonly name: string;
  /** Its place in {@link CriticalPath.tree}; -1 for the root. */
  readonly parent: number;
  /** 0 for the root. */
  readonly depth: number;
  /** `service.name` and pid, for people. */
  readonly process: string;
  /** `thread.id` as text; empty where nothing tells it. */
  readonly thread: string;
  /** Milliseconds since the start of the root, by the root's clock. */
  readonly startMs: number;
  readonly endMs: number;
  /** Milliseconds of the path that are this span's own; 0 beside the path. */
  readonly selfMs: number;
  readonly isOnPath: boolean;
  readonly isError: boolean;
  /** It hangs under the root because its parent is missing. */
  readonly isAdopted: boolean;
  readonly blame: readonly BlameShare[];
}

/** By how much the clock of a process was moved to make causes precede effects. */
export interface ClockShift {
  readonly process: string;
  readonly shiftMs: number;
}

/** What had to be assumed, left out or mended: a path over spans that lack nothing has zeros and an empty list. */
export interface TraceNotes {
  /** Spans given more than once; the first one counts. */
  readonly duplicates: number;
  /** Without ids, without end, or with getters that throw. */
  readonly unreadable: number;
  /** Of another trace. */
  readonly otherTraces: number;
  /** Spans that ended before they began: they have no length. */
  readonly negative: number;
  /** Spans that were their own ancestors; the earliest of such a circle lost its parent. */
  readonly cycles: number;
  /** Spans whose parent is not there, other than the root itself. */
  readonly orphans: number;
  /** Those of them that hang under the root instead. */
  readonly adopted: number;
  /** Spans that do not descend from the root. */
  readonly unrelated: number;
  /** Spans that began before their parent on a clock that could not be moved: cut at the parent's start. */
  readonly cut: number;
  /** Spans that ran on after the root had ended: it did not wait for them. */
  readonly detached: number;
  readonly clockShifts: readonly ClockShift[];
}

/** Why a trace took as long as it did. */
export interface CriticalPath<S extends TraceSpan = TraceSpan> {
  readonly traceId: string;
  readonly root: S;
  /** Epoch milliseconds of the root's start. */
  readonly startTimeMs: number;
  readonly durationMs: number;
  /** In the order of time, without gaps and overlaps: together they are the root, from 0 to `durationMs`. */
  readonly segments: readonly PathSegment<S>[];
  /** Largest share first. */
  readonly operations: readonly OperationTotal[];
  /** The root and all spans below it, on the path or not: parents before children, children by their start. */
  readonly tree: readonly TraceEntry<S>[];
  readonly notes: TraceNotes;
}
