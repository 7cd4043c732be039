import type { Attributes, Context, Link, SpanKind, TraceState } from '@opentelemetry/api';

/** `SamplingDecision` of the SDK, by value: no run-time import of an SDK. */
export const Decision = { NOT_RECORD: 0, RECORD: 1, RECORD_AND_SAMPLED: 2 } as const;
export type Decision = (typeof Decision)[keyof typeof Decision];

/** `SamplingResult` of the SDK, structurally. */
export interface SamplingResult {
  readonly decision: Decision;
  readonly attributes?: Readonly<Attributes>;
  readonly traceState?: TraceState;
}

/** `SamplingIntent` of `@opentelemetry/sampler-composite`, structurally. */
export interface SamplingIntent {
  /** Rejection threshold, 0 to 2^56; 2^56 rejects everything. */
  threshold: bigint;
  /** Whether adjusted counts follow from the threshold. */
  thresholdReliable: boolean;
}

/** Times some of the decisions of a sampler. Must not throw. */
export interface DecisionMeter {
  /** Counts a decision; false when this one is to be timed. */
  skips(): boolean;
  begin(): void;
  end(traceId: string, isRecorded: boolean): void;
}

/** The arguments of a sampling decision that a key may be made from. */
export interface SpanFacts {
  readonly context: Context;
  readonly traceId: string;
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
  readonly links: readonly Link[];
}
