import { countDropped, warnOnce } from '@sonde/instrumentation-kit';

/** What the sampler did in place of what it was asked for. */
export type FallbackReason =
  | 'key_threw'
  | 'key_invalid'
  | 'internal_error'
  | 'parent_without_threshold'
  | 'update_refused';

const MESSAGES: Readonly<Record<FallbackReason, string>> = {
  key_threw: 'AdaptiveSampler: the key function threw; the default key is used',
  key_invalid: 'AdaptiveSampler: the key function must return a string or undefined; the default key is used',
  internal_error: 'AdaptiveSampler failed inside; parents are followed, traces that begin here are dropped',
  parent_without_threshold:
    'AdaptiveSampler: a sampled parent carries no threshold (ot=th): its sampler, a TraceIdRatioBased one perhaps, does ' +
    'not take part in consistent sampling. The trace is kept, but counts estimated from its spans are unknown',
  update_refused: 'AdaptiveSampler: update was refused, the settings stay as they are',
};

/** Counts by reason; each reason is said once. */
export class Fallbacks {
  readonly counts: Record<FallbackReason, number> = {
    key_threw: 0,
    key_invalid: 0,
    internal_error: 0,
    parent_without_threshold: 0,
    update_refused: 0,
  };

  /** Never throws. */
  report(reason: FallbackReason, error?: unknown): void {
    this.counts[reason] += 1;
    try {
      countDropped(`sampling.${reason}`);
      warnOnce(`sampling.${reason}`, MESSAGES[reason], error);
    } catch {
      // A diag logger of the application may throw. There is nobody left to tell.
    }
  }
}
