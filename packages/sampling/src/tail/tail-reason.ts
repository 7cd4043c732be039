/** Why a trace is kept that need not have been; the first that applies counts. */
export const TAIL_REASONS = ['explicit', 'error', 'anomaly', 'slow', 'rare'] as const;
export type TailReason = (typeof TAIL_REASONS)[number];

/** What a finished local trace is: there is a reason to keep it, or it is as most are. */
export type TraceClass = TailReason | 'normal';

/**
 * The span attribute by which a stage before the tail processor tells that a span is out of the ordinary: a number above
 * 0 or true. Set it when the span is ending at the latest (`onEnding`).
 */
export const ANOMALY_ATTRIBUTE = 'sonde.anomaly.score';
