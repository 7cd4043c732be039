/**
 * What a span with a parent is to become: as its parent, with the rules of the specification for thresholds.
 *
 * https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/#parent-based-threshold
 */
import { type SpanContext, TraceFlags } from '@opentelemetry/api';
import { type OtMember, parseOtMember, withThreshold } from './ot-member.ts';
import { RANDOM_OFFSET } from './threshold.ts';
import { Decision, type SamplingResult } from './types.ts';

/** Leaves the tracestate as it is. Shared and frozen: a decision below a local parent allocates nothing. */
export const FOLLOW_SAMPLED: SamplingResult = Object.freeze({ decision: Decision.RECORD_AND_SAMPLED });
export const FOLLOW_DROPPED: SamplingResult = Object.freeze({ decision: Decision.NOT_RECORD });

/**
 * Whether the randomness of a trace reaches a received threshold of up to 14 digits. Digits of equal case compare as their
 * text does, so that 56 bits need no BigInt; a threshold cut short is a prefix of what it stands for.
 */
export function reaches({ th, rv }: OtMember, traceId: string): boolean {
  const randomness = rv === '' ? traceId.slice(RANDOM_OFFSET) : rv;
  return randomness.toLowerCase() >= th.toLowerCase();
}

/**
 * A sampled parent is followed, and its threshold goes on; one that this trace could not have reached is erased. Below a
 * parent that was dropped there is no threshold. `rv` and everything else in the tracestate stay.
 * @returns the shared results where nothing has to change
 */
export function followParent(parent: SpanContext, traceId: string): SamplingResult {
  const isSampled = (parent.traceFlags & TraceFlags.SAMPLED) !== 0;
  const unchanged = isSampled ? FOLLOW_SAMPLED : FOLLOW_DROPPED;
  const { traceState } = parent;
  const member = traceState?.get('ot');
  if (traceState === undefined || member === undefined) return unchanged;
  const parsed = parseOtMember(member);
  if (isSampled && parsed.th !== '' && reaches(parsed, traceId)) return unchanged;
  const cleaned = withThreshold(traceState, '');
  return cleaned === traceState ? unchanged : { decision: unchanged.decision, traceState: cleaned };
}

/** Whether a sampled parent says with which probability. False for what ratio samplers of SDKs send. */
export function hasThreshold(parent: SpanContext): boolean {
  return parseOtMember(parent.traceState?.get('ot')).th !== '';
}
