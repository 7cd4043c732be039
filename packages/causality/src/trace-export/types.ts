/** Options of `toChromeTrace`. */
export interface ChromeTraceOptions {
  /** Traces whose critical path gets a track of its own, the longest first: 0 to 1,000. Default 10. */
  criticalPaths?: number | undefined;
  /** Spans written, 1 to 1,000,000; the shortest are left out first. Default 100,000, some 40 MB of JSON. */
  maxSpans?: number | undefined;
  /** Records of the event stream and events of spans written, 0 to 1,000,000; the latest are left out. Default 100,000. */
  maxEvents?: number | undefined;
  /**
   * Whether slices carry the attributes of their spans. Default true. speedscope takes them for a part of the name: without
   * them it adds equal operations up.
   */
  attributes?: boolean | undefined;
}

/** Values that both viewers show. */
export type ChromeTraceArgs = { readonly [key: string]: string | number | boolean };

/** One event of the Chrome trace event format; times in microseconds since the start of the trace. */
export interface ChromeTraceEvent {
  /** `X` a span, `i` an event, `s` and `f` the ends of an arrow, `M` a name. */
  readonly ph: 'X' | 'i' | 's' | 'f' | 'M';
  readonly name: string;
  readonly cat: string;
  readonly ts: number;
  readonly pid: number;
  readonly tid: number;
  /** Of `X`. */
  readonly dur?: number;
  /** Of `s` and `f`. */
  readonly id?: number;
  /** Of `f`: bound to the slice around it. */
  readonly bp?: 'e';
  /** Of `i`: shown in its thread. */
  readonly s?: 't';
  /** A colour of Chrome's own viewer. */
  readonly cname?: string;
  readonly args?: ChromeTraceArgs;
}

/** A trace that ui.perfetto.dev, speedscope and chrome://tracing open, when written as JSON. */
export interface ChromeTrace {
  readonly displayTimeUnit: 'ms';
  readonly otherData: ChromeTraceArgs;
  /** Names first, then in the order of time. */
  readonly traceEvents: readonly ChromeTraceEvent[];
}
