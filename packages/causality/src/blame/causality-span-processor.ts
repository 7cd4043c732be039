import { clearInterval, setImmediate, setInterval } from 'node:timers';
import { type Context, context, type HrTime, ROOT_CONTEXT, type Span, SpanKind } from '@opentelemetry/api';
import {
  gatherEvidence,
  guard,
  guarded,
  linkLocalRoot,
  type RootWaits,
  readWaits,
  reportFailure,
  WAITS,
  type WaitReader,
} from '@sonde/instrumentation-kit';
import {
  type BlameConfig,
  type BlameEnvironment,
  type ResolvedBlameConfig,
  resolveBlameConfig,
} from './blame-config.ts';
import { blamedSpan, type EndedSpan } from './blamed-span.ts';
import { collect } from './collect.ts';
import { Grace, type Turns } from './grace.ts';
import { sweep } from './sweep.ts';

const LOCAL_ROOT: unique symbol = Symbol.for('sonde.span.local_root') as never;
const BLAMED: unique symbol = Symbol('sonde.causality.root') as never;
const STARTED: unique symbol = Symbol('sonde.causality.started') as never;
/** The clocks of epoch and of durations are read one after the other, and the former in whole milliseconds. */
const CLOCK_TOLERANCE_MS = 2;
const CHILD_SERVICE = WAITS.indexOf('child_service');

/** A local root that has not been handed on. */
interface Root {
  readonly owner: object;
  readonly waits: RootWaits;
}

/** A span of the SDK with our marks. */
interface MarkedSpan extends EndedSpan {
  readonly kind: SpanKind;
  readonly startTime: HrTime;
  readonly duration: HrTime;
  readonly [LOCAL_ROOT]?: MarkedSpan;
  [BLAMED]?: Root;
  [STARTED]?: number;
}

interface Held {
  readonly span: MarkedSpan;
  readonly root: Root;
  readonly durationMs: number;
}

function toMs(time: HrTime): number {
  return time[0] * 1000 + time[1] / 1e6;
}

const TURNS: Turns = {
  // A callback keeps the context in which it was scheduled: not that of the request.
  atTurnEnd: (callback) => context.with(ROOT_CONTEXT, () => void setImmediate(callback).unref()),
  keepTurning: (ms) =>
    context.with(ROOT_CONTEXT, () => {
      const timer = setInterval(() => undefined, ms).unref();
      return () => clearInterval(timer);
    }),
};

/**
 * Says of each local root span (the first of its trace in this thread) what its time went into: `sonde.blame.*`, seconds,
 * exclusive, with links to those who held the event loop. It reads what others note (instrumentations, the scheduler's turn
 * ledger, CLIENT and PRODUCER child spans) when the span has ended, and hands it on two turns of the loop later, since
 * evidence arrives late. All other spans are handed on at once. The only way to `next`.
 *
 * @throws TypeError or RangeError at construction for a bad option; never afterwards
 */
export class CausalitySpanProcessor {
  readonly #config: ResolvedBlameConfig;
  readonly #reader: WaitReader;
  readonly #stopGathering: () => void;
  readonly #now: () => number;
  readonly #epochNow: () => number;
  readonly #grace: Grace<Held>;
  readonly #handOver: (span: object) => void;
  readonly #onExit: () => void;
  #isListening = false;
  /** What is held goes at once: the turn under way counts as far as it got. */
  #isFinal = false;
  #shutdown: Promise<void> | undefined;
  /** Called by the SDK; never throws. */
  readonly onStart: (span: Span, parentContext: Context) => void;
  readonly onEnding: (span: Span) => void;
  readonly onEnd: (span: object) => void;

  constructor(config: BlameConfig, environment: BlameEnvironment = {}) {
    this.#config = resolveBlameConfig(config);
    const { now = performance.now.bind(performance), epochNow = Date.now, ...turns } = environment;
    this.#now = now;
    this.#epochNow = epochNow;
    this.#grace = new Grace({ ...TURNS, ...turns }, this.#config.maxHeld, (held) => this.#settle(held));
    this.#reader = readWaits();
    this.#stopGathering = guard('causality.evidence', gatherEvidence, () => undefined);
    const { next } = this.#config;
    this.#handOver = guarded('causality.next', (span: object) => next.onEnd(span));
    this.#onExit = (): void => this.#finish();
    const begin = guarded('causality.onStart', (span: Span, parent: Context) => this.#begin(span, parent));
    const tellStart = guarded('causality.next', (span: Span, parent: Context) => next.onStart(span, parent));
    this.onStart = (span, parentContext): void => {
      begin(span, parentContext);
      tellStart(span, parentContext);
    };
    this.onEnding = guarded('causality.next', (span: Span) => next.onEnding?.(span));
    this.onEnd = (span): void => {
      if (!guard('causality.onEnd', () => this.#end(span as MarkedSpan), false)) this.#handOver(span);
    };
  }

  #begin(span: Span, parentContext: Context): void {
    linkLocalRoot(span, parentContext);
    if (this.#shutdown !== undefined) return;
    const marked = span as unknown as MarkedSpan;
    const root = marked[LOCAL_ROOT];
    if (root === undefined) this.#beginRoot(span, marked);
    else if (marked.kind === SpanKind.CLIENT || marked.kind === SpanKind.PRODUCER) {
      if (root[BLAMED] !== undefined && Object.isExtensible(span)) marked[STARTED] = this.#startOf(marked);
    }
  }

  #beginRoot(span: Span, marked: MarkedSpan): void {
    // Another instance looks after it.
    if (marked[BLAMED] !== undefined) return;
    const waits = this.#reader.begin(span, this.#startOf(marked));
    if (waits !== undefined) marked[BLAMED] = { owner: this, waits };
  }

  /** When a span that begins now says that it began, on the clock of what is noted. */
  #startOf({ startTime }: MarkedSpan): number {
    const nowMs = this.#now();
    const agoMs = this.#epochNow() - toMs(startTime);
    return agoMs > CLOCK_TOLERANCE_MS || agoMs < -CLOCK_TOLERANCE_MS ? nowMs - agoMs : nowMs;
  }

  /** @returns true when the span is held */
  #end(span: MarkedSpan): boolean {
    const root = span[BLAMED];
    if (root === undefined) {
      this.#endChild(span);
      return false;
    }
    if (root.owner !== this) return false;
    const durationMs = toMs(span.duration);
    if (!(durationMs >= this.#config.minDurationMs) || this.#shutdown !== undefined) {
      this.#reader.end(root.waits);
      return false;
    }
    this.#listenToExit();
    this.#grace.hold({ span, root, durationMs });
    return true;
  }

  #endChild(span: MarkedSpan): void {
    const startMs = span[STARTED];
    if (startMs === undefined) return;
    const durationMs = toMs(span.duration);
    if (durationMs > 0) span[LOCAL_ROOT]?.[BLAMED]?.waits.waits.add(CHILD_SERVICE, startMs, startMs + durationMs);
  }

  /** Late evidence is in, or is not waited for any longer. */
  #settle(held: readonly Held[]): void {
    this.#reader.gather(this.#isFinal);
    for (const { span, root, durationMs } of held) {
      const { waits } = root;
      let settled: object = span;
      try {
        const { startMs } = waits;
        const blame = sweep(collect(this.#reader, waits, { startMs, endMs: startMs + durationMs }));
        settled = blamedSpan(span, blame, this.#config.maxLinks);
      } catch (error) {
        reportFailure('causality.blame', error);
      }
      this.#reader.end(waits);
      this.#handOver(settled);
    }
  }

  #finish(): void {
    this.#isFinal = true;
    guard('causality.finish', () => this.#grace.releaseAll(), undefined);
    this.#isFinal = false;
  }

  /** Nothing that is held may be lost when the process ends: an exporter may write as long as it is synchronous. */
  #listenToExit(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    process.on('exit', this.#onExit);
  }

  /** Hands on what is held, then has the next processor flush. */
  async forceFlush(): Promise<void> {
    this.#finish();
    await this.#config.next.forceFlush();
  }

  /** The same for good: spans are handed on as they are from now on. */
  shutdown(): Promise<void> {
    if (this.#shutdown === undefined) {
      this.#finish();
      process.off('exit', this.#onExit);
      guard('causality.evidence', this.#stopGathering, undefined);
      this.#shutdown = this.#close();
    }
    return this.#shutdown;
  }

  async #close(): Promise<void> {
    await this.#config.next.shutdown();
    this.#reader.close();
  }
}
