import { ROOT_CONTEXT } from '@opentelemetry/api';
import { DEFAULTS } from '../config.ts';
import { Engine } from '../engine.ts';
import type { RootDecision } from '../root-decision.ts';
import { encodeThreshold, isKept, NEVER, probabilityOf, thresholdOf } from '../threshold.ts';
import { type KeyHistory, KeyStatistics } from './key-statistics.ts';
import type { LocalTrace, Verdict } from './local-trace.ts';
import type { ResolvedTailConfig } from './tail-config.ts';
import { TAIL_REASONS, type TailReason, type TraceClass } from './tail-reason.ts';
import type { TailSpan } from './tail-span.ts';

/** What a trace is decided by whose root never ended or said nothing. */
const NO_SPAN: Pick<TailSpan, 'name' | 'kind' | 'attributes'> = { name: '', kind: 0, attributes: {} };

/** The verdict over a trace that is let go before it is known what became of it. */
export function verdictOfHead({ isSampled }: LocalTrace): Verdict {
  return { isKept: isSampled, reason: 'normal', key: '', th: undefined };
}

function milliseconds(duration: unknown): number {
  if (!Array.isArray(duration)) return Number.NaN;
  return Number(duration[0]) * 1000 + Number(duration[1]) / 1e6;
}

/**
 * Says what a local trace is and whether it is kept. There is one decision for the randomness R of a trace: kept is
 * R >= min(T_head, max(T_rec, T_tail)), where T_tail comes from a budget of its own shared among (key, reason). All spans
 * of the trace say that threshold, whether the head had kept it or not. What T_tail depends on is the past: it counts each
 * trace that was recorded, kept or not, and chooses the part of those that is kept.
 */
export class TailDecision {
  readonly engine: Engine;
  readonly statistics: KeyStatistics;
  /** Whether a reason was asked for. */
  readonly #counts: Readonly<Record<TailReason, boolean>>;
  readonly #head: RootDecision;

  constructor(config: ResolvedTailConfig, head: RootDecision, nowMs: number) {
    const { planIntervalMs, smoothingMs, uniformity, coverageMs, coverageShare } = DEFAULTS;
    const { maxKeys } = head.config;
    const shared = { maxKeys, planIntervalMs, smoothingMs, uniformity, coverageMs, coverageShare };
    this.engine = new Engine({ ...shared, budgets: [config.tracesPerSecond] }, nowMs);
    this.statistics = new KeyStatistics({ ...config, maxKeys }, nowMs);
    const counts = TAIL_REASONS.map((reason) => [reason, config.reasons.includes(reason)]);
    this.#counts = Object.fromEntries(counts) as Record<TailReason, boolean>;
    this.#head = head;
  }

  /** Once a second. */
  tick(nowMs: number): void {
    this.engine.plan(nowMs);
    this.statistics.tick(nowMs);
  }

  decide(trace: LocalTrace, nowMs: number): Verdict {
    const root = trace.spans.find((span) => span === trace.root) ?? trace.spans[0];
    const { keys } = this.#head;
    const { name, kind, attributes } = root ?? NO_SPAN;
    this.#head.readEnded({
      name: typeof name === 'string' ? name : '',
      kind,
      attributes: attributes ?? NO_SPAN.attributes,
      context: trace.context ?? ROOT_CONTEXT,
    });
    const { high, low } = keys;
    const ended = root === trace.root && root !== undefined ? milliseconds(root.duration) : Number.NaN;
    const durationMs = Number.isNaN(ended) ? nowMs - trace.startedMs : ended;
    const reason = this.#classify(trace, durationMs, this.statistics.find(high, low));
    if (reason === 'normal') return verdictOfHead(trace);
    return this.#weigh(trace, { reason, key: keys.describe(), nowMs });
  }

  /** Counts what is usual, whatever the reason. */
  #classify(trace: LocalTrace, durationMs: number, history: KeyHistory | undefined): TraceClass {
    const isSlow = history !== undefined && this.statistics.isSlow(history, durationMs);
    const isRare = history !== undefined && this.statistics.isRare(history, trace.shape.hash);
    const counts = this.#counts;
    if (trace.isMarked && counts.explicit) return 'explicit';
    if (trace.hasError && counts.error) return 'error';
    if (trace.isAnomalous && counts.anomaly) return 'anomaly';
    if (isSlow && counts.slow) return 'slow';
    return isRare && counts.rare ? 'rare' : 'normal';
  }

  #weigh(trace: LocalTrace, { reason, key, nowMs }: { reason: TailReason; key: string; nowMs: number }): Verdict {
    const { recordThreshold, isSampled, headTh } = trace;
    const asHead: Verdict = { isKept: isSampled, reason, key, th: undefined };
    // Nobody knows which of such traces were recorded: no threshold but the head's is true.
    if (recordThreshold === NEVER) return asHead;
    const slot = this.#arrive(reason, key, nowMs);
    const threshold = this.#thresholdAbove(recordThreshold, slot);
    const isReached = isKept(threshold, trace.randomness, trace.randomOffset);
    if (isReached) this.engine.keep(slot, nowMs);
    if (threshold === NEVER) return asHead;
    const th = encodeThreshold(threshold);
    // The head's has up to 14 digits and compares as its text does; an unknown one is replaced where the trace allows it.
    if (headTh !== '') return headTh <= th ? asHead : { ...asHead, th };
    return isReached ? { isKept: true, reason, key, th } : asHead;
  }

  /** Counts a trace of the key that was read last, by reason. */
  #arrive(reason: TailReason, key: string, nowMs: number): number {
    const { engine } = this;
    const { keys } = this.#head;
    keys.divert(1 + TAIL_REASONS.indexOf(reason));
    const slot = engine.slotOf(keys.high, keys.low, 0);
    if (engine.table.names[slot] === '') engine.table.names[slot] = `${reason} ${key}`;
    engine.advance(nowMs);
    if (engine.arrive(slot)) engine.look(slot, nowMs);
    return slot;
  }

  /** The engine counts recorded traces only: what it says is the part of those. */
  #thresholdAbove(recordThreshold: number, slot: number): number {
    const part = this.engine.thresholdFor(slot);
    if (recordThreshold === 0) return part;
    return Math.max(recordThreshold, thresholdOf(probabilityOf(part) * probabilityOf(recordThreshold)));
  }
}
