import { setImmediate } from 'node:timers';
import { type Context, context, type HrTime, ROOT_CONTEXT, type Span, SpanKind } from '@opentelemetry/api';
import {
  countDropped,
  everyUnref,
  gatherEvidence,
  guard,
  linkLocalRoot,
  localRootAbove,
  type RootWaits,
  readWaits,
  reportFailure,
  WAITS,
  type WaitReader,
  waitsOf,
  warnOnce,
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

const STARTED: unique symbol = Symbol('sonde.causality.started') as never;
/** The clocks of epoch and of durations are read one after the other, and the former in whole milliseconds. */
const CLOCK_TOLERANCE_MS = 2;
/** How often the difference of the two clocks is looked at. */
const EPOCH_REFRESH_MS = 1000;
/** Blame of those that have waited long enough takes about this long a turn of the loop at most. */
const SETTLING_MS = 4;
const LOOK_EACH = 16;
const FULL = 'causality.held';
const CHILD_SERVICE = WAITS.indexOf('child_service');

/** A span of the SDK with our marks. */
interface MarkedSpan extends EndedSpan {
  readonly kind: SpanKind;
  readonly startTime: HrTime;
  readonly duration: HrTime;
  [STARTED]?: number;
}

function toMs(time: HrTime): number {
  return time[0] * 1000 + time[1] / 1e6;
}

const TURNS: Turns = {
  // A callback keeps the context in which it was scheduled: not that of the request.
  atTurnEnd: (callback) => context.with(ROOT_CONTEXT, () => void setImmediate(callback).unref()),
  keepTurning: (ms) => everyUnref(() => undefined, ms),
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
  /** Local roots that have ended and wait for late evidence. */
  readonly #grace: Grace<MarkedSpan>;
  readonly #onExit: () => void;
  /** Epoch milliseconds at the zero of our clock, and until when that is taken for true. */
  #epochMs = 0;
  #refreshMs = Number.NEGATIVE_INFINITY;
  #isListening = false;
  /** What is held goes at once: the turn under way counts as far as it got. */
  #isFinal = false;
  #shutdown: Promise<void> | undefined;

  constructor(config: BlameConfig, environment: BlameEnvironment = {}) {
    this.#config = resolveBlameConfig(config);
    const { now = () => performance.now(), epochNow = Date.now, ...turns } = environment;
    this.#now = now;
    this.#epochNow = epochNow;
    this.#grace = new Grace({ ...TURNS, ...turns }, this.#config.maxHeld, (held) => this.#settle(held));
    this.#reader = readWaits();
    this.#stopGathering = guard('causality.evidence', gatherEvidence, () => undefined);
    this.#onExit = (): void => this.#finish();
  }

  /** Called by the SDK; never throws. */
  onStart(span: Span, parentContext: Context): void {
    try {
      this.#begin(span, parentContext);
    } catch (error) {
      reportFailure('causality.onStart', error);
    }
    try {
      this.#config.next.onStart(span, parentContext);
    } catch (error) {
      reportFailure('causality.next', error);
    }
  }

  onEnding(span: Span): void {
    try {
      this.#config.next.onEnding?.(span);
    } catch (error) {
      reportFailure('causality.next', error);
    }
  }

  onEnd(span: object): void {
    let isHeld = false;
    try {
      isHeld = this.#end(span as MarkedSpan);
    } catch (error) {
      reportFailure('causality.onEnd', error);
    }
    if (!isHeld) this.#handOver(span);
  }

  #handOver(span: object): void {
    try {
      this.#config.next.onEnd(span);
    } catch (error) {
      reportFailure('causality.next', error);
    }
  }

  #begin(span: Span, parentContext: Context): void {
    const marked = span as unknown as MarkedSpan;
    if (localRootAbove(marked) === undefined) linkLocalRoot(span, parentContext);
    if (this.#shutdown !== undefined) return;
    const root = localRootAbove(marked);
    if (root === undefined) this.#reader.begin(span, this.#startOf(marked));
    else if (marked.kind === SpanKind.CLIENT || marked.kind === SpanKind.PRODUCER) {
      if (waitsOf(root) !== undefined) marked[STARTED] = this.#startOf(marked);
    }
  }

  /** When a span that begins now says that it began, on the clock of what is noted. */
  #startOf({ startTime }: MarkedSpan): number {
    const nowMs = this.#now();
    if (nowMs >= this.#refreshMs) this.#refreshEpoch(nowMs);
    const agoMs = nowMs + this.#epochMs - toMs(startTime);
    return agoMs > CLOCK_TOLERANCE_MS || agoMs < -CLOCK_TOLERANCE_MS ? nowMs - agoMs : nowMs;
  }

  /** The clock of the epoch is adjusted, ours is not. */
  #refreshEpoch(nowMs: number): void {
    this.#epochMs = this.#epochNow() - nowMs;
    this.#refreshMs = nowMs + EPOCH_REFRESH_MS;
  }

  /** @returns true when the span is held */
  #end(span: MarkedSpan): boolean {
    const waits = waitsOf(span);
    if (waits === undefined) {
      this.#endChild(span);
      return false;
    }
    if (waits.reader !== this.#reader) return false;
    const durationMs = toMs(span.duration);
    if (!(durationMs >= this.#config.minDurationMs) || this.#shutdown !== undefined) {
      this.#reader.end(waits);
      return false;
    }
    this.#listenToExit();
    this.#reader.stop(waits);
    if (this.#grace.hold(span)) return true;
    this.#reader.end(waits);
    countDropped(FULL);
    warnOnce(FULL, `${FULL}: more than ${this.#config.maxHeld} local roots ended at once; the others go without blame`);
    return false;
  }

  #endChild(span: MarkedSpan): void {
    const startMs = span[STARTED];
    const root = localRootAbove(span);
    if (startMs === undefined || root === undefined) return;
    const durationMs = toMs(span.duration);
    if (durationMs > 0) waitsOf(root)?.add(CHILD_SERVICE, startMs, startMs + durationMs);
  }

  /** Late evidence is in, or is not waited for any longer. @returns how many were handed on: the others may wait a turn */
  #settle(held: readonly MarkedSpan[]): number {
    this.#reader.gather(this.#isFinal);
    const untilMs = this.#now() + SETTLING_MS;
    let count = 0;
    for (const span of held) {
      this.#settleOne(span);
      count += 1;
      if (!this.#isFinal && count % LOOK_EACH === 0 && this.#now() >= untilMs) break;
    }
    return count;
  }

  #settleOne(span: MarkedSpan): void {
    let settled: object = span;
    try {
      const waits = waitsOf(span);
      if (waits !== undefined) settled = this.#blame(span, waits);
    } catch (error) {
      reportFailure('causality.blame', error);
    }
    this.#handOver(settled);
  }

  #blame(span: MarkedSpan, waits: RootWaits): object {
    const { startMs } = waits;
    this.#reader.end(waits);
    // The one look-up that most requests cost.
    if (this.#reader.latestMs <= startMs && waits.isBlank) return span;
    const endMs = startMs + toMs(span.duration);
    // A root that is a call itself: somebody else works for it all the while.
    if (span.kind === SpanKind.CLIENT) waits.add(CHILD_SERVICE, startMs, endMs);
    const blame = sweep(collect(this.#reader, waits, { startMs, endMs }));
    return blamedSpan(span, blame, this.#config.maxLinks);
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
    try {
      await this.#config.next.shutdown();
    } finally {
      this.#reader.close();
    }
  }
}
