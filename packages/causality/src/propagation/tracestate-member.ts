/**
 * The `sonde` member of a W3C tracestate: the sender's hybrid logical timestamp, 16 hex digits, and behind it, after a `;`,
 * the last eight digits of the span id, when that span is one of the sender's own. Without them, or when they are those of
 * another span (somebody in between knows nothing of the member and has passed it on), the timestamp says when a message was
 * sent, but not by whose clock.
 *
 * https://www.w3.org/TR/trace-context/#tracestate-header
 */
const KEY = 'sonde';
const PREFIX = `${KEY}=`;
/** The specification's limits: list members, and characters that everybody passes on. */
const MAX_MEMBERS = 32;
const MAX_LENGTH = 512;
/** What is longer is nobody's tracestate: it is not looked into. */
const MAX_READ = 8192;
/** Digits of a timestamp, and where in a span id those begin that are told. */
const TIMESTAMP_LENGTH = 16;
const SPAN_ID_FROM = 8;

export interface TakenMember {
  /** The value of the first `sonde` member; undefined when there is none. */
  readonly member: string | undefined;
  /** The tracestate without any `sonde` member, the others as they were. */
  readonly rest: string;
}

/** Takes the member out. A tracestate without it is returned as it is; one beyond all bounds as an empty one. */
export function takeMember(tracestate: string): TakenMember {
  if (tracestate.length > MAX_READ) return { member: undefined, rest: '' };
  const found = tracestate.lastIndexOf(PREFIX);
  if (found < 0) return { member: undefined, rest: tracestate };
  return found === 0 ? takeFirst(tracestate) : takeAny(tracestate);
}

/** The common case: the last writer was one of us, so the member is in front, and the only one. */
function takeFirst(tracestate: string): TakenMember {
  const end = tracestate.indexOf(',');
  if (end < 0) return { member: tracestate.slice(PREFIX.length).trimEnd(), rest: '' };
  return { member: tracestate.slice(PREFIX.length, end).trimEnd(), rest: tracestate.slice(end + 1).trim() };
}

function takeAny(tracestate: string): TakenMember {
  let own: string | undefined;
  const others: string[] = [];
  for (const part of tracestate.split(',')) {
    const member = part.trim();
    if (member.startsWith(PREFIX)) own ??= member.slice(PREFIX.length);
    else if (member !== '') others.push(member);
  }
  return { member: own, rest: others.join(',') };
}

/** Members, empty ones included, which are commas between others. */
function countMembers(tracestate: string): number {
  let count = 1;
  for (let at = tracestate.indexOf(','); at >= 0; at = tracestate.indexOf(',', at + 1)) count += 1;
  return count;
}

/**
 * Puts the member in front, as the specification asks of whoever wrote last, in place of any that was there.
 * @returns undefined when there is no room within 32 members and 512 characters: the members of others are not ours to
 * push out
 */
export function putMember(tracestate: string, value: string): string | undefined {
  const own = PREFIX + value;
  if (tracestate === '') return own;
  const { rest } = takeMember(tracestate);
  if (rest === '') return own;
  if (own.length + 1 + rest.length > MAX_LENGTH) return undefined;
  return countMembers(rest) < MAX_MEMBERS ? `${own},${rest}` : undefined;
}

/** The value of the member for a message in the context of a span; `spanId` is empty for one that is not the sender's own. */
export function formatMember(timestamp: string, spanId: string): string {
  return spanId === '' ? timestamp : `${timestamp};${spanId.slice(SPAN_ID_FROM)}`;
}

/** The timestamp that a member has, or whatever was sent in its place. */
export function timestampOf(member: string): string {
  return member[TIMESTAMP_LENGTH] === ';' ? member.slice(0, TIMESTAMP_LENGTH) : member;
}

/** Whether the sender vouches that the span with this id is its own. */
export function isVouchedFor(member: string, spanId: string): boolean {
  return member.length > TIMESTAMP_LENGTH && member.slice(TIMESTAMP_LENGTH + 1) === spanId.slice(SPAN_ID_FROM);
}
