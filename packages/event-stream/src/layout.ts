/**
 * Where things lie in the shared memory of a ring. One thread writes, any thread reads.
 *
 * A record is 64 bytes, one cache line: eight doubles ("numbers"), or sixteen int32 ("words").
 *
 *   byte  0  f64  time          milliseconds of the writer's clock
 *         8  i32  hlc low       the hybrid logical clock, little end first
 *        12  i32  hlc high
 *        16  f64  value
 *        24  f64  detail
 *        32  f64  context       id of the trace context, 0 for none
 *        40  i32  kind          type | severity << 16 | category << 24 | has text << 31
 *        44  i32  labels        two name ids of 16 bits, 0 for none
 *        48  i32  text low      position of the text in the byte ring, its low 32 bits; only if it has text
 *        52  i32  text high     its high 16 bits << 16 | length in bytes; only if it has text
 *        56       free
 */
export const RECORD_BYTES = 64;
export const NUMBERS_PER_RECORD = 8;
export const WORDS_PER_RECORD = 16;

/** Doubles of a record. */
export const TIME = 0;
export const VALUE = 2;
export const DETAIL = 3;
export const CONTEXT = 4;

/** Words of a record. */
export const HLC_LOW = 2;
export const HLC_HIGH = 3;
export const KIND = 10;
export const LABELS = 11;
export const TEXT_LOW = 12;
export const TEXT_HIGH = 13;

/**
 * Words of the header. What readers poll (HEAD), what they write (WAITERS, GATES) and what the writer stores with each
 * event (PROGRESS) lie in different cache lines. Positions take two words each, see `position.ts`.
 */
export const HEAD = 0;
export const WAITERS = 16;
export const TEXT_HEAD = 32;
export const CONTEXT_HEAD = 34;
export const DROPPED = 36;
export const THINNED = 38;
/** Bytes of the dictionary in use, one word. */
export const DICTIONARY_HEAD = 40;
/** Low word of the number of records written, published or not. */
export const PROGRESS = 48;
/** Number of gates in use, then the gates: {taken, position (two words), free}. */
export const GATES_TAKEN = 64;
export const GATES = 80;
export const WORDS_PER_GATE = 4;
export const MAX_GATES = 4;
export const HEADER_WORDS: number = GATES + MAX_GATES * WORDS_PER_GATE;

/** Records between two publications of the head. */
export const BATCH = 16;

/**
 * Records behind the newest published one that readers do not touch, because the writer may be in them already: up to
 * BATCH that are not published yet, the rest for stores and loads that a weakly ordered CPU (ARM) lets pass each other.
 */
export const GUARD = 256;

/** Longest text of one event, in bytes; also the part of the text ring that readers leave alone, as GUARD. */
export const MAX_TEXT_BYTES = 8192;
export const TEXT_GUARD: number = 2 * MAX_TEXT_BYTES;

export const WORDS_PER_CONTEXT = 6;
export const CONTEXT_BYTES = 24;
export const CONTEXT_GUARD = 64;

export function packKind(type: number, severity: number, category: number): number {
  return type | (severity << 16) | (category << 24);
}

export function typeOfKind(kind: number): number {
  return kind & 0xffff;
}

export function severityOfKind(kind: number): number {
  return (kind >>> 16) & 0xff;
}

export function categoryOfKind(kind: number): number {
  return (kind >>> 24) & 0x7f;
}

/** The kind of a record with text. */
export function withText(kind: number): number {
  return kind | (1 << 31);
}

export function hasText(kind: number): boolean {
  return kind < 0;
}

export function packLabels(first: number, second: number): number {
  return first | (second << 16);
}

/** The name id of a record's first (0) or second (1) label. */
export function labelId(labels: number, position: 0 | 1): number {
  return (labels >>> (16 * position)) & 0xffff;
}
