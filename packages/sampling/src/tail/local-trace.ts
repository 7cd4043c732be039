import type { Context, SpanContext } from '@opentelemetry/api';
import { SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { parseOtMember } from '../ot-member.ts';
import type { RecordedTrace } from '../record-tier.ts';
import { RANDOM_OFFSET } from '../threshold.ts';
import { SpanShape } from './span-shape.ts';
import { ANOMALY_ATTRIBUTE, type TraceClass } from './tail-reason.ts';
import type { TailSpan } from './tail-span.ts';

/** What was decided about a local trace, for all of its spans. */
export interface Verdict {
  readonly isKept: boolean;
  readonly reason: TraceClass;
  readonly key: string;
  /** The threshold that its spans are to say; undefined: what they say already. */
  readonly th: string | undefined;
}

export interface LocalTraceOrigin {
  /** The processor that holds it. */
  readonly owner: object;
  readonly root: object;
  readonly spanContext: SpanContext;
  /** T_rec when it began; `NEVER` where nothing is known about what was recorded. */
  readonly recordThreshold: number;
  readonly startedMs: number;
  readonly deadlineMs: number;
  readonly context: Context;
}

/** The spans of a trace below one root in this process, until it is decided; then only the decision. */
export class LocalTrace implements RecordedTrace {
  readonly owner: object;
  readonly traceId: string;
  readonly #rootSpanId: string;
  readonly isSampled: boolean;
  /** `th` of the decision at the head; empty: unknown, or not sampled. */
  readonly headTh: string;
  /** Where the randomness of the trace is. */
  readonly randomness: string;
  readonly randomOffset: number;
  readonly recordThreshold: number;
  readonly startedMs: number;
  deadlineMs: number;
  context: Context | undefined;
  /** The span that it is called after; undefined once decided. */
  root: object | undefined;
  hasRootEnded = false;
  /** Spans that have started and not ended. */
  open = 0;
  bytes = 0;
  spans: TailSpan[] = [];
  verdict: Verdict | undefined;
  hasError = false;
  isAnomalous = false;
  isMarked = false;
  readonly shape: SpanShape = new SpanShape();

  constructor(origin: LocalTraceOrigin) {
    const { traceId, spanId, traceFlags, traceState } = origin.spanContext;
    const { th, rv } = parseOtMember(traceState?.get('ot'));
    this.owner = origin.owner;
    this.traceId = traceId;
    this.#rootSpanId = spanId;
    this.isSampled = (traceFlags & TraceFlags.SAMPLED) !== 0;
    this.headTh = this.isSampled ? th.toLowerCase() : '';
    this.randomness = rv === '' ? traceId : rv;
    this.randomOffset = rv === '' ? RANDOM_OFFSET : 0;
    this.recordThreshold = origin.recordThreshold;
    this.startedMs = origin.startedMs;
    this.deadlineMs = origin.deadlineMs;
    this.context = origin.context;
    this.root = origin.root;
  }

  get isWanted(): boolean {
    return this.verdict === undefined || this.verdict.isKept;
  }

  /** Keeps it, as far as thresholds allow. @returns false when it is dropped already */
  mark(): boolean {
    this.isMarked = true;
    return this.isWanted;
  }

  /** Whether it is the span that the trace is called after, or the copy of it that a stage before this one has made. */
  isRoot(span: TailSpan): boolean {
    if (span !== this.root && span.spanContext().spanId === this.#rootSpanId) this.root = span;
    return span === this.root;
  }

  /** Takes in a span that has ended. */
  add(span: TailSpan): void {
    this.spans.push(span);
    if (span.status?.code === SpanStatusCode.ERROR) this.hasError = true;
    const flag: unknown = span.attributes?.[ANOMALY_ATTRIBUTE];
    if (flag === true || (typeof flag === 'number' && flag > 0)) this.isAnomalous = true;
    if (typeof span.name === 'string') this.shape.add(span.name);
  }

  /** Takes the decision; what was held is the caller's now. */
  settle(verdict: Verdict): readonly TailSpan[] {
    const { spans } = this;
    this.verdict = verdict;
    this.spans = [];
    this.root = undefined;
    this.context = undefined;
    return spans;
  }
}
