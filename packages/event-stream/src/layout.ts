import { HIGH_WORD } from '@sonde/statistics';

/**
 * Where things lie in the shared memory of a ring. One thread writes, any thread reads.
 *
 * A record is 64 bytes, one cache line: eight doubles ("numbers"), or sixteen int32 ("words"). A record without text is
 * written with six stores of doubles.
 *
 *   number 0  time         milliseconds of the writer's clock
 *          1  stamp        the hybrid logical clock, see `hlc.ts`; stored last, so a record is whole when its stamp is
 *          2  value
 *          3  detail
 *          4  context      id of the trace context, 0 for none
 *          5  signature    what a handle's events have in common: two words, written as the double with their bits
 *               upper half: kind    type | severity << 16 | category << 24 | has text << 31
 *               lower half: labels  two name ids of 16 bits, 0 for none
 *          6  text         two words, only if it has text
 *               upper half: the high 16 bits of its position in the byte ring << 16 | its length in bytes
 *               lower half: the low 32 bits of its position
 *          7  free
 */
export const RECORD_BYTES = 64;
export const NUMBERS_PER_RECORD = 8;
export const WORDS_PER_RECORD = 16;

/** Numbers of a record. */
export const TIME = 0;
export const STAMP = 1;
export const VALUE = 2;
export const DETAIL = 3;
export const CONTEXT = 4;
export const SIGNATURE = 5;
const TEXT = 6;

/** Words of a record. The kind is the upper half of its double, because there it can make no NaN. */
export const KIND: number = 2 * SIGNATURE + HIGH_WORD;
export const LABELS: number = 2 * SIGNATURE + 1 - HIGH_WORD;
export const TEXT_HIGH: number = 2 * TEXT + HIGH_WORD;
export const TEXT_LOW: number = 2 * TEXT + 1 - HIGH_WORD;

/**
 * Words of the header. What readers poll (HEAD) and what they write (WAITERS, GATES) lie in different cache lines.
 * Positions take two words each, see `position.ts`.
 */
export const HEAD = 0;
export const WAITERS = 16;
export const TEXT_HEAD = 32;
export const CONTEXT_HEAD = 34;
export const DROPPED = 36;
export const THINNED = 38;
/** Bytes of the dictionary in use, one word. */
export const DICTIONARY_HEAD = 40;
/** Number of gates in use, then the gates: {taken, position (two words), free}. */
export const GATES_TAKEN = 48;
export const GATES = 64;
export const WORDS_PER_GATE = 4;
export const MAX_GATES = 4;
export const HEADER_WORDS: number = GATES + MAX_GATES * WORDS_PER_GATE;

/** Records between two publications of the head: publishing costs as much as writing three. */
export const BATCH = 32;

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

/** The upper half of a signature: what kind of event a record is. */
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

/** The lower half of a signature, from two name ids. */
export function packLabels(first: number, second: number): number {
  return first | (second << 16);
}

/** The name id of a record's first (0) or second (1) label. */
export function labelId(labels: number, position: 0 | 1): number {
  return (labels >>> (16 * position)) & 0xffff;
}

const signature = new Float64Array(1);
const signatureWords = new Int32Array(signature.buffer);

/** The double whose halves are a kind and labels. */
export function signatureOf(kind: number, labels: number): number {
  signatureWords[HIGH_WORD] = kind;
  signatureWords[1 - HIGH_WORD] = labels;
  return signature[0] as number;
}
