import type { LogLinearHistogramState } from '@sonde/statistics';

/** How one operation or series behaved. */
export interface BaselineEntry {
  /** Latencies in seconds, or the unit of the metric. */
  readonly latency: LogLinearHistogramState;
  /** Calls and how many of them failed; fractional, since the past counts less. */
  readonly calls: number;
  readonly failed: number;
  /** Calls a second. */
  readonly perSecond: number;
}

/** What a process was like, to compare a later one with: a release with the next, say. */
export interface Baseline {
  readonly version: 1;
  readonly createdMs: number;
  readonly release: string;
  /** By operation (`span GET /users`) or series. */
  readonly entries: Readonly<Record<string, BaselineEntry>>;
}

/** One thing that behaves otherwise than in the baseline. */
export interface BehaviourChange {
  readonly series: string;
  readonly what: 'latency' | 'tail' | 'error_share' | 'rate';
  readonly isWorse: boolean;
  readonly before: number;
  readonly now: number;
  /** How sure and how large, for the order: larger is more. */
  readonly weight: number;
  /** In words. */
  readonly message: string;
}

export interface DriftReport {
  readonly baseline: string;
  /** The worst first. */
  readonly changes: readonly BehaviourChange[];
  /** In the baseline and not seen now, and the other way round. */
  readonly gone: readonly string[];
  readonly added: readonly string[];
  /** All of it in words. */
  readonly text: string;
}
