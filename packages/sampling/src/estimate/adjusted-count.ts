import { parseOtMember } from '../ot-member.ts';
import { reaches } from '../parent-decision.ts';

const DIGITS = 14;
const HALF = 2 ** 28;

/** 2^56 - T, exact to a double's 53 bits however near T is to 2^56. */
function complementOf(th: string): number {
  const digits = th.padEnd(DIGITS, '0');
  return (HALF - Number.parseInt(digits.slice(0, 7), 16)) * HALF - Number.parseInt(digits.slice(7), 16);
}

/**
 * How many spans a kept one stands for: the inverse of the probability that its threshold says.
 * @param ot the `ot` member of the span's own tracestate
 * @param traceId 32 hex digits
 * @returns 1 to 2^56; undefined where the probability is unknown: no threshold, a malformed one, or one that this trace
 * cannot have reached
 */
export function adjustedCount(ot: string | undefined, traceId: string): number | undefined {
  const member = parseOtMember(ot);
  if (member.th === '' || !reaches(member, traceId)) return undefined;
  return (HALF * HALF) / complementOf(member.th);
}
