/**
 * The traces between kept and dropped: recorded, so that a tail processor can keep them once it is known what became of
 * them. They are found by the same randomness as kept ones, R >= T_rec, and T_rec never exceeds the threshold of keeping:
 * what a trace has below it is not asked for then.
 */
import { type Context, type Span, type SpanContext, trace } from '@opentelemetry/api';
import { LOCAL_TRACE } from '@sonde/instrumentation-kit';
import { parseOtMember } from './ot-member.ts';
import { FOLLOW_DROPPED } from './parent-decision.ts';
import { NO_SLOT, type RootDecision } from './root-decision.ts';
import { isKept, NEVER, RANDOM_OFFSET, thresholdOf } from './threshold.ts';
import { Decision, type SamplingResult } from './types.ts';

/** What children that start late ask of a local trace. */
export interface RecordedTrace {
  /** False once it is known that nothing of it is kept. */
  readonly isWanted: boolean;
}

/** Leaves the tracestate as it is: there is no threshold in that of an unsampled span. */
export const FOLLOW_RECORDED: SamplingResult = Object.freeze({ decision: Decision.RECORD });

/** What a tail processor needs of its sampler. */
export interface TailAttachment {
  readonly decision: RootDecision;
  readonly tier: RecordTier;
  /** Nothing is recorded for the tail processor any more. */
  readonly detach: () => void;
}

export class RecordTier {
  #threshold = NEVER;
  /** Once recording, spans of recorded traces may be alive: their children are recorded whatever the fraction. */
  isOff = true;
  /** The trace that the sampler was asked about last: what another sampler decided was not recorded by this one's rules. */
  decidedTraceId = '';
  #fraction: number | undefined;
  #attachment: object | undefined;

  get fraction(): number {
    return this.#fraction ?? (this.#attachment === undefined ? 0 : 1);
  }

  set fraction(fraction: number) {
    if (!(fraction >= 0 && fraction <= 1)) return;
    this.#fraction = fraction;
    this.#apply();
  }

  /** A tail processor takes what is recorded from now on. Returns the undo. */
  attach(): () => void {
    const attachment = {};
    this.#attachment = attachment;
    this.#apply();
    return (): void => {
      if (this.#attachment !== attachment) return;
      this.#attachment = undefined;
      this.#fraction = undefined;
      this.#apply();
      this.isOff = true;
    };
  }

  #apply(): void {
    this.#threshold = thresholdOf(this.fraction);
    if (this.#threshold < NEVER) this.isOff = false;
  }

  /**
   * T_rec, in force now.
   * @param floor no trace is recorded below it: that of an emergency, or 0
   */
  threshold(floor: number): number {
    return Math.max(this.#threshold, floor);
  }

  /** A trace that begins here and is not kept. No allocation. */
  root(decision: RootDecision, traceId: string): SamplingResult {
    // What a rule never keeps is not recorded either.
    if (decision.slot === NO_SLOT && decision.rule?.threshold === NEVER) return FOLLOW_DROPPED;
    return isKept(this.threshold(decision.floor), traceId, RANDOM_OFFSET) ? FOLLOW_RECORDED : FOLLOW_DROPPED;
  }

  /** Below an unsampled parent in this process. No allocation. */
  child(context: Context): SamplingResult {
    const parent = trace.getSpan(context) as (Span & { readonly [LOCAL_TRACE]?: RecordedTrace }) | undefined;
    if (parent === undefined) return FOLLOW_DROPPED;
    const known = parent[LOCAL_TRACE];
    const isWanted = known === undefined ? parent.isRecording() : known.isWanted;
    return isWanted ? FOLLOW_RECORDED : FOLLOW_DROPPED;
  }

  /** Below an unsampled parent elsewhere. */
  remoteChild(followed: SamplingResult, parent: SpanContext, traceId: string, floor: number): SamplingResult {
    const threshold = this.threshold(floor);
    if (threshold === NEVER) return followed;
    const { rv } = parseOtMember(parent.traceState?.get('ot'));
    const isRecorded = rv === '' ? isKept(threshold, traceId, RANDOM_OFFSET) : isKept(threshold, rv, 0);
    return isRecorded ? { ...followed, decision: Decision.RECORD } : followed;
  }
}
