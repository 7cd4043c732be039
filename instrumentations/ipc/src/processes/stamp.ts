/*
 * When a message was sent, as 21 characters: both words of the sender's hybrid logical timestamp (six characters of six
 * bits each), and microseconds of the clock that the processes of a host share (nine). As numbers of the envelope they
 * would cost three more properties, which both serialisers are slow at, and one conversion of a double.
 */
export const STAMP_LENGTH = 21;

const WORD = 2 ** 32;
/** The microseconds go in two parts, of 24 and 30 bits: bitwise operations end at 32. */
const LOW_MICROS = 2 ** 30;
const SIX = 0x3f;
const DIGIT = 48;
/** A backslash would have to be escaped in JSON: from here on, digits are one character further. */
const BACKSLASH = 92;
const BEFORE_BACKSLASH = BACKSLASH - DIGIT;

/** Character code of the lowest six bits of a number. */
function code(bits: number): number {
  const six = bits & SIX;
  return six < BEFORE_BACKSLASH ? six + DIGIT : six + DIGIT + 1;
}

/** What a stamp says. */
export interface Stamp {
  high: number;
  low: number;
  micros: number;
}

/** Writes one. */
export function writeStamp(high: number, low: number, micros: number): string {
  const far = Math.floor(micros / LOW_MICROS);
  const near = micros - far * LOW_MICROS;
  // One call, one flat string.
  return String.fromCharCode(
    code(high >>> 30),
    code(high >>> 24),
    code(high >>> 18),
    code(high >>> 12),
    code(high >>> 6),
    code(high),
    code(low >>> 30),
    code(low >>> 24),
    code(low >>> 18),
    code(low >>> 12),
    code(low >>> 6),
    code(low),
    code(far >>> 18),
    code(far >>> 12),
    code(far >>> 6),
    code(far),
    code(near >>> 24),
    code(near >>> 18),
    code(near >>> 12),
    code(near >>> 6),
    code(near),
  );
}

/** Digits of six bits as a number of up to 2^53; NaN when one is none. */
function read(text: string, at: number, digits: number): number {
  let upper = 0;
  let lower = 0;
  let invalid = 0;
  // The last five make 30 bits, what is before them as many at most.
  for (let i = 0; i < digits; i++) {
    const character = text.charCodeAt(at + i);
    const value = character < BACKSLASH ? character - DIGIT : character - DIGIT - 1;
    invalid |= value;
    if (i < digits - 5) upper = (upper << 6) | value;
    else lower = (lower << 6) | value;
  }
  return (invalid & ~SIX) === 0 ? upper * LOW_MICROS + lower : Number.NaN;
}

/**
 * Reads the stamp at the end of a text.
 * @returns false when there is none; `into` then holds rubbish
 */
export function readStamp(text: string, into: Stamp): boolean {
  const at = text.length - STAMP_LENGTH;
  if (at < 0) return false;
  into.high = read(text, at, 6);
  into.low = read(text, at + 6, 6);
  into.micros = read(text, at + 12, 9);
  return into.high < WORD && into.low < WORD && into.micros >= 0;
}
