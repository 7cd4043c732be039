/**
 * The `ot` member of a W3C tracestate: a list `key:value;key:value` of at most 256 characters in which OpenTelemetry keeps
 * the sampling threshold `th` and the explicit randomness `rv`.
 *
 * https://opentelemetry.io/docs/specs/otel/trace/tracestate-handling/
 */
import { createTraceState, type TraceState } from '@opentelemetry/api';

const MAX_LENGTH = 256;
const MAX_HEX = 14;

/** What an `ot` member says. */
export interface OtMember {
  /** 1 to 14 hex digits as received; empty: absent or malformed, so that the probability is unknown. */
  readonly th: string;
  /** 14 hex digits as received; empty: absent or malformed, so that the trace id is the randomness. */
  readonly rv: string;
  /** The other sub-keys, as received and in their order. */
  readonly rest: readonly string[];
}

const NOTHING: OtMember = { th: '', rv: '', rest: [] };

/** `text` if it is `minDigits` to 14 hex digits, else the empty string. */
function hexOf(text: string, minDigits: number): string {
  return text.length >= minDigits && text.length <= MAX_HEX && /^[\da-fA-F]+$/.test(text) ? text : '';
}

/** Reads an `ot` member, whoever wrote it: what is malformed counts as absent. Of a repeated sub-key the last counts. */
export function parseOtMember(member: string | undefined): OtMember {
  if (typeof member !== 'string' || member.length === 0 || member.length > MAX_LENGTH) return NOTHING;
  let th = '';
  let rv = '';
  const rest: string[] = [];
  for (const part of member.split(';')) {
    if (part.startsWith('th:')) th = part.slice(3);
    else if (part.startsWith('rv:')) rv = part.slice(3);
    else if (part.length > 0) rest.push(part);
  }
  return { th: hexOf(th, 1), rv: hexOf(rv, MAX_HEX), rest };
}

/** The text of an `ot` member; may be empty, and longer than allowed. */
function formatOtMember({ th, rv, rest }: OtMember): string {
  const parts = [...rest];
  if (rv !== '') parts.unshift(`rv:${rv}`);
  if (th !== '') parts.unshift(`th:${th}`);
  return parts.join(';');
}

/** A tracestate that says nothing but the threshold. */
export function thresholdState(th: string): TraceState {
  return createTraceState().set('ot', `th:${th}`);
}

function replaced(traceState: TraceState, member: string): TraceState {
  return member === '' ? traceState.unset('ot') : traceState.set('ot', member);
}

/**
 * A tracestate with the threshold put in (`th` empty: taken out). `rv`, the other sub-keys and the members of other vendors
 * stay. Where the threshold does not fit (256 characters in the member, or what the tracestate itself takes), it is left
 * out: the probability is unknown then, never wrong. A tracestate without anything to change is returned as it is.
 */
export function withThreshold(traceState: TraceState, th: string): TraceState {
  const before = traceState.get('ot');
  if (before === undefined && th === '') return traceState;
  const parsed = parseOtMember(before);
  const wanted = formatOtMember({ ...parsed, th });
  if (wanted === before) return traceState;
  if (wanted.length <= MAX_LENGTH) {
    const changed = replaced(traceState, wanted);
    if ((changed.get('ot') ?? '') === wanted) return changed;
  }
  // It did not fit: without the old threshold, which would be wrong now, it always does.
  return replaced(traceState, formatOtMember({ ...parsed, th: '' }));
}
