import type { KeyDescription } from '../description.ts';
import type { Verdict } from './local-trace.ts';
import { TAIL_REASONS, type TraceClass } from './tail-reason.ts';

/** How many were kept and dropped. */
export interface Outcome {
  kept: number;
  dropped: number;
}

/** What a tail processor is doing. */
export interface TailDescription {
  /** What is held now; bytes are estimated. */
  readonly held: { readonly traces: number; readonly spans: number; readonly bytes: number };
  /** Local traces that were decided, by what they were. */
  readonly traces: Readonly<Record<TraceClass, Readonly<Outcome>>>;
  /** Local traces that were let go undecided for lack of memory: kept if the sampler had kept them. */
  readonly evicted: Readonly<Outcome>;
  /** Spans that ended after their trace was decided. */
  readonly late: Readonly<Outcome>;
  /** Reasons and keys that have come up, with the part of the recorded traces that is kept for each; busiest first. */
  readonly keys: readonly KeyDescription[];
}

/** What a tail processor counts. */
export class TailAccount {
  readonly traces: Record<TraceClass, Outcome>;
  readonly evicted: Outcome = { kept: 0, dropped: 0 };
  readonly late: Outcome = { kept: 0, dropped: 0 };

  constructor() {
    const classes = [...TAIL_REASONS, 'normal'] as const;
    const entries = classes.map((reason) => [reason, { kept: 0, dropped: 0 }]);
    this.traces = Object.fromEntries(entries) as Record<TraceClass, Outcome>;
  }

  count(outcome: Outcome, { isKept }: Verdict): void {
    if (isKept) outcome.kept += 1;
    else outcome.dropped += 1;
  }
}
