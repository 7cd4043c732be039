import { type Context, type Span, TraceFlags, trace } from '@opentelemetry/api';
import { everyUnref, guarded, LOCAL_TRACE, reportFailure, warnOnce } from '@sonde/instrumentation-kit';
import { describeKeys } from '../description.ts';
import type { TailAttachment } from '../record-tier.ts';
import { NEVER } from '../threshold.ts';
import { Ticker } from '../ticker.ts';
import { keptSpan } from './kept-span.ts';
import { LocalTrace, type Verdict } from './local-trace.ts';
import { SteadyClock } from './steady-clock.ts';
import { TailAccount, type TailDescription } from './tail-account.ts';
import {
  type ResolvedTailConfig,
  resolveTailConfig,
  type TailSamplingConfig,
  type TailSamplingEnvironment,
} from './tail-config.ts';
import { TailDecision, verdictOfHead } from './tail-decision.ts';
import { reportTail } from './tail-metrics.ts';
import { bytesOfSpan, type TailSpan } from './tail-span.ts';
import { TraceBuffer } from './trace-buffer.ts';

const TICK_MS = 1000;
const ENDED: unique symbol = Symbol('sonde.sampling.ended') as never;

/** A span of the SDK with our marks. */
interface MarkedSpan extends TailSpan {
  [LOCAL_TRACE]?: LocalTrace;
  [ENDED]?: TailSamplingSpanProcessor;
}

/**
 * Holds the spans of each trace of this process until its first span here has ended, and keeps, besides what the sampler
 * kept, what turned out to matter: failed, slow, rare, anomalous traces, and those that `keepTrace` was called in. The only
 * way to `next`. All spans of a trace say the threshold from which its true count follows.
 *
 * @throws TypeError or RangeError at construction for a bad option; never afterwards
 */
export class TailSamplingSpanProcessor {
  readonly #config: ResolvedTailConfig;
  readonly #attachment: TailAttachment;
  readonly #clock: SteadyClock;
  readonly #decision: TailDecision;
  readonly #buffer = new TraceBuffer();
  readonly #account = new TailAccount();
  readonly #ticker: Ticker;
  #endReport: (() => void) | undefined;
  #shutdown: Promise<void> | undefined;
  /** Called by the SDK; never throws. */
  readonly onStart: (span: Span, parentContext: Context) => void;
  readonly onEnding: (span: Span) => void;
  readonly onEnd: (span: object) => void;

  constructor(config: TailSamplingConfig, environment: TailSamplingEnvironment = {}) {
    const { now = performance.now.bind(performance), every = everyUnref } = environment;
    this.#config = resolveTailConfig(config);
    this.#clock = new SteadyClock(now);
    this.#attachment = this.#config.sampler.attachTail();
    this.#decision = new TailDecision(this.#config, this.#attachment.decision, this.#clock.now());
    this.#ticker = new Ticker(
      every,
      guarded('sampling.tail.tick', () => this.#tick()),
    );
    const { next } = this.#config;
    const tellStart = guarded('sampling.tail.next', (span: Span, context: Context) => next.onStart(span, context));
    const join = guarded('sampling.tail.onStart', (span: MarkedSpan, context: Context) => this.#start(span, context));
    this.onStart = (span, context): void => {
      join(span as unknown as MarkedSpan, context);
      tellStart(span, context);
    };
    this.onEnding = guarded('sampling.tail.next', (span: Span) => next.onEnding?.(span));
    this.onEnd = guarded('sampling.tail.onEnd', (span: object) => this.#end(span as MarkedSpan));
  }

  #start(span: MarkedSpan, context: Context): void {
    if (this.#shutdown !== undefined) return;
    const local = this.#find(span, context) ?? this.#begin(span, context);
    if (local.verdict === undefined) local.open += 1;
    if (Object.isExtensible(span)) span[LOCAL_TRACE] = local;
  }

  /** The local trace of a span whose parent is in this process. */
  #find(span: MarkedSpan, context: Context): LocalTrace | undefined {
    const { parentSpanContext } = span;
    if (parentSpanContext === undefined || parentSpanContext.isRemote === true) return undefined;
    const parent = trace.getSpan(context) as unknown as MarkedSpan | undefined;
    return this.#traceOf(span, parent?.[LOCAL_TRACE]);
  }

  /** The one that a mark says, else the last of the trace id; only one that the sampler decided as it did the span. */
  #traceOf(span: MarkedSpan, marked: LocalTrace | undefined): LocalTrace | undefined {
    const { traceId, traceFlags } = span.spanContext();
    const local = marked?.owner === this ? marked : this.#buffer.find(traceId);
    return local?.isSampled === ((traceFlags & TraceFlags.SAMPLED) !== 0) ? local : undefined;
  }

  #begin(span: MarkedSpan, context: Context): LocalTrace {
    if (this.#ticker.work(TICK_MS)) this.#resume();
    const spanContext = span.spanContext();
    const startedMs = this.#clock.now();
    const local = new LocalTrace({
      owner: this,
      root: span,
      spanContext,
      recordThreshold: this.#recordThreshold(span, spanContext.traceId),
      startedMs,
      deadlineMs: startedMs + this.#config.maxWaitMs,
      context,
    });
    this.#buffer.hold(local);
    this.#evict();
    return local;
  }

  /** T_rec of a trace that begins here, just decided. Nobody knows which traces were recorded that began otherwise. */
  #recordThreshold({ parentSpanContext }: MarkedSpan, traceId: string): number {
    const { tier, decision } = this.#attachment;
    if (tier.decidedTraceId !== traceId) {
      warnOnce('sampling.tail.foreign', FOREIGN);
      return NEVER;
    }
    const isBelow = parentSpanContext !== undefined && parentSpanContext.isRemote !== true;
    return isBelow ? NEVER : tier.threshold(decision.floor);
  }

  #end(span: MarkedSpan): void {
    if (span[ENDED] === this) return;
    if (Object.isExtensible(span)) span[ENDED] = this;
    const linked = span[LOCAL_TRACE];
    const local = linked?.owner === this ? linked : this.#traceOf(span, undefined);
    if (local === undefined) {
      if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0) this.#handOver(span);
    } else if (local.verdict === undefined) this.#add(local, span);
    else {
      this.#account.count(this.#account.late, local.verdict);
      if (local.verdict.isKept) this.#handOver(span, local.verdict);
    }
  }

  #add(local: LocalTrace, span: MarkedSpan): void {
    const bytes = this.#take(local, span);
    this.#buffer.grow(local, bytes);
    local.open -= 1;
    if (local.isRoot(span)) {
      local.hasRootEnded = true;
      local.deadlineMs = Math.min(local.deadlineMs, this.#clock.now() + this.#config.childWaitMs);
    }
    const isOver = local.hasRootEnded && (local.open <= 0 || this.#config.childWaitMs === 0);
    if (isOver || local.spans.length >= this.#config.maxSpans) this.#decide(local);
    this.#evict();
  }

  /** A span that cannot be read is held all the same. */
  #take(local: LocalTrace, span: MarkedSpan): number {
    try {
      local.add(span);
      return bytesOfSpan(span);
    } catch (error) {
      reportFailure('sampling.tail.span', error);
      return UNREADABLE_BYTES;
    }
  }

  /** By what is known. */
  #decide(local: LocalTrace): void {
    // What was handed over may have had others decided meanwhile.
    if (local.verdict !== undefined) return;
    let verdict = verdictOfHead(local);
    try {
      verdict = this.#decision.decide(local, this.#clock.now());
    } catch (error) {
      reportFailure('sampling.tail.decide', error);
    }
    this.#account.count(this.#account.traces[verdict.reason], verdict);
    this.#settle(local, verdict);
  }

  /** Lets the oldest go, whatever they are, until what is held is within bounds. */
  #evict(): void {
    while (this.#buffer.bytes > this.#config.maxBytes) {
      const { oldest } = this.#buffer;
      if (oldest === undefined) return;
      const verdict = verdictOfHead(oldest);
      this.#account.count(this.#account.evicted, verdict);
      this.#settle(oldest, verdict);
    }
  }

  #settle(local: LocalTrace, verdict: Verdict): void {
    this.#buffer.release(local);
    const spans = local.settle(verdict);
    if (verdict.isKept) for (const span of spans) this.#handOver(span, verdict);
  }

  #handOver(span: TailSpan, verdict?: Verdict): void {
    try {
      this.#config.next.onEnd(verdict === undefined ? span : keptSpan(span, verdict));
    } catch (error) {
      reportFailure('sampling.tail.next', error);
    }
  }

  #resume(): void {
    this.#decision.tick(this.#clock.now());
    this.#endReport ??= reportTail(this.#account, this.#buffer);
  }

  #tick(): void {
    if (this.#buffer.traces > 0) this.#ticker.work(TICK_MS);
    const nowMs = this.#clock.now();
    this.#decision.tick(nowMs);
    for (const local of this.#buffer.expired(nowMs)) this.#decide(local);
  }

  /** Decides what is held by what is known and hands it over, before it returns; then `next` does what it does. */
  forceFlush(): Promise<void> {
    for (const local of this.#buffer.all()) if (local.spans.length > 0) this.#decide(local);
    return toPromise(() => this.#config.next.forceFlush());
  }

  /** The same, for good: later spans follow what was decided of their trace. */
  shutdown(): Promise<void> {
    if (this.#shutdown !== undefined) return this.#shutdown;
    for (const local of this.#buffer.all()) this.#decide(local);
    this.#attachment.detach();
    this.#ticker.close();
    this.#endReport?.();
    this.#shutdown = toPromise(() => this.#config.next.shutdown());
    return this.#shutdown;
  }

  /** What it holds and has decided. */
  describe(): TailDescription {
    const { traces, spans, bytes } = this.#buffer;
    const { evicted, late } = this.#account;
    const counts = structuredClone(this.#account.traces);
    return {
      held: { traces, spans, bytes },
      traces: counts,
      evicted: { ...evicted },
      late: { ...late },
      keys: describeKeys(this.#decision),
    };
  }
}

const UNREADABLE_BYTES = 1000;
const FOREIGN =
  'TailSamplingSpanProcessor: a trace was decided by another sampler than the one given; of such traces only what that ' +
  'sampler kept is handed on. Give the sampler itself to the tracer provider, and to this processor';

async function toPromise(work: () => Promise<void>): Promise<void> {
  await work();
}
