import type { LocalTrace } from './local-trace.ts';

/** Memory of a trace of which nothing has ended yet. */
const TRACE_BYTES = 500;
/** Decided traces, in each of two generations, remembered for spans that cannot say to which trace they belong. */
const MAX_DECIDED = 2048;

/** The local traces that are held, the oldest first. */
export class TraceBuffer {
  spans = 0;
  bytes = 0;
  readonly #held = new Set<LocalTrace>();
  /** The latest of each trace id: a process may see several requests of one trace. */
  readonly #latest = new Map<string, LocalTrace>();
  #decided = new Map<string, LocalTrace>();
  #formerlyDecided = new Map<string, LocalTrace>();

  get traces(): number {
    return this.#held.size;
  }

  hold(trace: LocalTrace): void {
    this.#held.add(trace);
    this.#latest.set(trace.traceId, trace);
    this.#charge(trace, TRACE_BYTES);
  }

  /** A span of a held trace has ended. */
  grow(trace: LocalTrace, bytes: number): void {
    this.spans += 1;
    this.#charge(trace, bytes);
  }

  #charge(trace: LocalTrace, bytes: number): void {
    trace.bytes += bytes;
    this.bytes += bytes;
  }

  /** Lets a trace go; its decision is remembered for a while. */
  release(trace: LocalTrace): void {
    if (!this.#held.delete(trace)) return;
    this.spans -= trace.spans.length;
    this.bytes -= trace.bytes;
    trace.bytes = 0;
    const { traceId } = trace;
    if (this.#latest.get(traceId) === trace) this.#latest.delete(traceId);
    // BAD: one map, deleting its first entry: V8 walks over all that were deleted before to find it.
    if (this.#decided.size >= MAX_DECIDED) {
      this.#formerlyDecided = this.#decided;
      this.#decided = new Map();
    }
    this.#decided.set(traceId, trace);
  }

  /** The trace, held or decided not long ago, that a span of this trace id may belong to. */
  find(traceId: string): LocalTrace | undefined {
    return this.#latest.get(traceId) ?? this.#decided.get(traceId) ?? this.#formerlyDecided.get(traceId);
  }

  get oldest(): LocalTrace | undefined {
    for (const trace of this.#held) return trace;
    return undefined;
  }

  /** Those whose time is over. */
  expired(nowMs: number): LocalTrace[] {
    return [...this.#held].filter(({ deadlineMs }) => deadlineMs <= nowMs);
  }

  all(): LocalTrace[] {
    return [...this.#held];
  }
}
