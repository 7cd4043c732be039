import type { Attributes, HrTime, SpanContext, SpanKind } from '@opentelemetry/api';

/** A span of an SDK (`ReadableSpan` of 2.x and 3.x, structurally), as exporters and processors get it. */
export interface SdkSpan {
  readonly name: string;
  readonly kind: SpanKind;
  spanContext(): SpanContext;
  readonly parentSpanContext?: SpanContext | undefined;
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly status: { readonly code: number };
  readonly attributes: Attributes;
}

/** A span of OTLP, decoded from JSON or protobuf, as far as it is read here. What is missing counts as unknown. */
export interface OtlpSpan {
  /** Hex (JSON), base64 or bytes (protobuf). */
  readonly traceId: string | Uint8Array;
  readonly spanId: string | Uint8Array;
  readonly parentSpanId?: string | Uint8Array | null | undefined;
  readonly traceState?: string | null | undefined;
  /** Bits 8 and 9 tell whether the parent was remote. Without them, spans of kind server and consumer are taken for local roots. */
  readonly flags?: number | null | undefined;
  readonly name?: string | null | undefined;
  /** 2 server, 5 consumer, or the names of the enumeration. */
  readonly kind?: number | string | null | undefined;
  /** Nanoseconds: a decimal string, number, bigint, or an object whose `toString` gives one (`Long`). */
  readonly startTimeUnixNano: unknown;
  readonly endTimeUnixNano: unknown;
  readonly attributes?: readonly { readonly key?: unknown; readonly value?: unknown }[] | null | undefined;
  readonly status?: { readonly code?: number | string | null | undefined } | null | undefined;
}

/** What an estimate needs of a span. Spans of other shapes are turned into this by whoever has them. */
export interface SampledSpan {
  /** 32 hex digits. */
  readonly traceId: string;
  /** Spans with the same trace and span id count once; undefined: never the same as another. */
  readonly spanId?: string | undefined;
  /** The `ot` member of the span's own tracestate, or undefined. */
  readonly ot: string | undefined;
  /** Whether the span has no parent in its process. */
  readonly isLocalRoot: boolean;
  /** Method and route, else method and path with `*` for identifiers, else the name: as {@link AdaptiveSampler} names keys. */
  readonly key: string;
  readonly startMs: number;
  readonly durationMs: number;
  readonly isError: boolean;
}

/** Any span that {@link estimate} can read. */
export type EstimableSpan = SdkSpan | OtlpSpan | SampledSpan;

/** Options of {@link estimate}. */
export interface EstimateOptions<S extends EstimableSpan = EstimableSpan> {
  /** The group of a span; undefined leaves it out. Default: local roots by their key, nothing else. */
  groupBy?: ((facts: SampledSpan, span: S) => string | undefined) | undefined;
  /** The part of intervals that hold the truth, 0.5 to 0.9999. Default 0.95. */
  confidence?: number | undefined;
  /** The time that the spans are from, for rates. Default: from the first start to the last end of all spans given. */
  seconds?: number | undefined;
  /** A span that counts for more than this is counted as unknown: a forged threshold could outweigh all others. Default 1e6. */
  maxAdjustedCount?: number | undefined;
}

/** An estimate with its confidence interval. */
export interface Estimated {
  readonly value: number;
  readonly low: number;
  /** Infinity where what was kept gives no upper bound. */
  readonly high: number;
}

/** What is known of one group. Durations in milliseconds; NaN with nothing to tell from. */
export interface GroupEstimate {
  readonly group: string;
  /** Spans that carry a valid threshold: the estimates rest on them. */
  readonly kept: number;
  /** Spans that were kept with unknown probability. They are in no estimate: the truth is the estimates plus at least these. */
  readonly unknown: number;
  readonly count: Estimated;
  readonly perSecond: Estimated;
  readonly errors: Estimated;
  readonly errorRatio: Estimated;
  readonly p50Ms: Estimated;
  readonly p95Ms: Estimated;
  readonly p99Ms: Estimated;
}

/** What {@link estimate} returns. */
export interface Estimation {
  /** Largest estimated count first. */
  readonly groups: readonly GroupEstimate[];
  /** All groups together. */
  readonly total: GroupEstimate;
  /** The time that rates refer to. */
  readonly seconds: number;
  /** Spans given more than once, not sampled (in process only), or unreadable: in no figure above. */
  readonly duplicates: number;
  readonly unsampled: number;
  readonly unreadable: number;
}
