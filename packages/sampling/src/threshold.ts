/**
 * Consistent probability sampling on 48-bit numbers: a trace is kept iff its randomness R is at least the rejection
 * threshold T, `T = (1 - p) * 2^56`. A threshold with at most 12 hex digits is a multiple of 2^8, so that the lowest byte
 * of R decides nothing and both fit a double exactly: no BigInt where decisions are made.
 *
 * https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
 */

/** 2^48: the threshold that nothing reaches, and the scale of all thresholds here. */
export const NEVER: number = 2 ** 48;

/** Lowest probability that has a threshold here: below it a trace is never kept. */
export const MIN_PROBABILITY: number = 2 ** -48;

/** Hex digits of a threshold after leading f's, as the specification recommends. */
const PRECISION = 4;
const MAX_DIGITS = 12;
const HALF = 2 ** 24;
/** Where the last 7 bytes of a trace id begin, in hex digits. */
export const RANDOM_OFFSET = 18;

/**
 * The threshold for a probability, rounded to 4 significant hex digits after leading f's, in [0, 2^48].
 * @param probability 0 to 1; 1 and above (never NaN) keeps everything, below {@link MIN_PROBABILITY} gives {@link NEVER}
 */
export function thresholdOf(probability: number): number {
  if (probability >= 1) return 0;
  if (!(probability >= MIN_PROBABILITY)) return NEVER;
  // log2 may round up to a whole number just below a power of two; one digit of precision more does no harm there.
  const leading = Math.floor(-(Math.floor(Math.log2(probability)) + 1) / 4);
  const digits = Math.min(MAX_DIGITS, PRECISION + leading);
  const unit = 2 ** (4 * (MAX_DIGITS - digits));
  const threshold = Math.floor(((1 - probability) * NEVER) / unit + 0.5) * unit;
  return Math.min(threshold, NEVER - unit);
}

/** The probability that a threshold stands for; exact. 0 for {@link NEVER}. */
export function probabilityOf(threshold: number): number {
  return (NEVER - threshold) / NEVER;
}

/** The value of `th` for a threshold below {@link NEVER}: 1 to 12 lower-case hex digits, trailing zeros cut. */
export function encodeThreshold(threshold: number): string {
  if (threshold === 0) return '0';
  const high = Math.floor(threshold / HALF);
  const digits = high.toString(16).padStart(6, '0') + (threshold - high * HALF).toString(16).padStart(6, '0');
  let end = MAX_DIGITS;
  while (digits.charCodeAt(end - 1) === 48) end -= 1;
  return digits.slice(0, end);
}

/** Six hex digits from `offset` on as a number; what is no digit gives some number, never NaN. No allocation. */
function sixDigits(text: string, offset: number): number {
  let value = 0;
  for (let i = offset; i < offset + 6; i += 1) {
    // '0'..'9' are 0x30.., 'a' and 'A' end in 1: the low four bits, plus 9 for letters.
    const code = text.charCodeAt(i);
    value = (value << 4) | (((code & 15) + (code >> 6) * 9) & 15);
  }
  return value;
}

/**
 * Whether the randomness that begins at `offset` of `text` (the last 14 digits of a trace id, or `rv`) reaches a
 * threshold. Some 10 ns: mostly six digits decide. No allocation.
 */
export function isKept(threshold: number, text: string, offset: number): boolean {
  if (threshold === 0) return true;
  const high = Math.floor(threshold / HALF);
  const first = sixDigits(text, offset);
  if (first !== high) return first > high;
  return sixDigits(text, offset + 6) >= threshold - high * HALF;
}
