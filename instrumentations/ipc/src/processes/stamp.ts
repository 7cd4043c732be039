import { versions } from 'node:process';
import type { HybridTimestamp } from '@sonde/event-stream';

/*
 * When a message was sent, as 21 characters of six bits: the upper word of the sender's hybrid logical timestamp (six), the
 * upper part of the microseconds of the clock that the processes of a host share (four), the lower word (six), the lower
 * part (five). As numbers of the envelope they would cost three more properties, which both serialisers are slow at, and
 * one conversion of a double.
 */
export const STAMP_LENGTH = 21;
/** Of a time, in microseconds of the clock that the processes of a host share. */
export const MICROS_LENGTH = 9;
const NO_MICROS: string = '!'.repeat(MICROS_LENGTH);

/** The microseconds go in two parts, of 24 and 30 bits: bitwise operations end at 32. */
const LOW_MICROS = 2 ** 30;
const SIX = 0x3f;
/** Six digits have four bits more than a word. */
const TWO_BITS = 0x3;
const FIVE = 5;
const FIVE_BITS = 30;
const FAR_LENGTH = 4;
const SIGN = 31;
const DIGIT = 48;
/** A backslash would have to be escaped in JSON: from here on, digits are one character further. */
const BACKSLASH = 92;
const LAST_BEFORE = BACKSLASH - DIGIT - 1;

// Digits are as good as random: a branch on their value would be mispredicted at one in three.

/** Character code of the lowest six bits of a number. */
function code(bits: number): number {
  const six = bits & SIX;
  return six + DIGIT + ((LAST_BEFORE - six) >>> SIGN);
}

/** Value of a character; one of more than six bits, or negative, for what is no digit; NaN where there is none. */
function valueAt(text: string, at: number): number {
  const character = text.charCodeAt(at);
  return character - DIGIT - ((BACKSLASH - character) >>> SIGN);
}

/** What a stamp says; the words of the timestamp as int32. */
export interface Stamp {
  high: number;
  low: number;
  micros: number;
}

// What changes only every minute or so.
let lastHigh = Number.NaN;
let lastFar = Number.NaN;
let lastStart = '';

/** The first ten characters: the upper word, and the upper part of the microseconds. */
function startOf(high: number, far: number): string {
  if (high !== lastHigh || far !== lastFar) {
    lastHigh = high;
    lastFar = far;
    lastStart = String.fromCharCode(
      code(high >>> 30),
      code(high >>> 24),
      code(high >>> 18),
      code(high >>> 12),
      code(high >>> 6),
      code(high),
      code(far >>> 18),
      code(far >>> 12),
      code(far >>> 6),
      code(far),
    );
  }
  return lastStart;
}

/** As of this version `JSON.stringify` is quick, and goes deep, only where no string is made of parts. */
const FIRST_MAJOR_OF_FLAT = 25;
const isFlatWanted = Number.parseInt(versions.node, 10) >= FIRST_MAJOR_OF_FLAT;

/** Puts a stamp behind a text. */
export function withStamp(text: string, { high, low }: HybridTimestamp, micros: number): string {
  const far = Math.floor(micros / LOW_MICROS);
  const near = micros - far * LOW_MICROS;
  const start = startOf(high, far);
  const end = String.fromCharCode(
    code(low >>> 30),
    code(low >>> 24),
    code(low >>> 18),
    code(low >>> 12),
    code(low >>> 6),
    code(low),
    code(near >>> 24),
    code(near >>> 18),
    code(near >>> 12),
    code(near >>> 6),
    code(near),
  );
  return isFlatWanted ? [text, start, end].join('') : text + start + end;
}

/** Up to five digits as a number; negative when one is none. */
function read(text: string, at: number, digits: number): number {
  let bits = 0;
  let invalid = 0;
  for (let i = at; i < at + digits; i++) {
    const value = valueAt(text, i);
    invalid |= value;
    bits = (bits << 6) | value;
  }
  return (invalid & ~SIX) === 0 ? bits : -1;
}

function microsOf(far: number, near: number): number {
  return (far | near) >= 0 ? far * LOW_MICROS + near : Number.NaN;
}

/** Writes a time alone; NaN is told as such. */
export function writeMicros(micros: number): string {
  if (!(micros >= 0)) return NO_MICROS;
  const far = Math.floor(micros / LOW_MICROS);
  const near = micros - far * LOW_MICROS;
  return String.fromCharCode(
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

/** Reads one; NaN for what is none. */
export function readMicros(text: string, at: number): number {
  if (at + MICROS_LENGTH > text.length) return Number.NaN;
  return microsOf(read(text, at, FAR_LENGTH), read(text, at + FAR_LENGTH, FIVE));
}

/**
 * Reads the stamp at the end of a text.
 * @returns false when there is none; `into` is then left as it is
 */
export function readStamp(text: string, into: Stamp): boolean {
  const at = text.length - STAMP_LENGTH;
  const upperBits = valueAt(text, at);
  const upper = read(text, at + 1, FIVE);
  const far = read(text, at + 6, FAR_LENGTH);
  const lowerBits = valueAt(text, at + 10);
  const lower = read(text, at + 11, FIVE);
  const micros = microsOf(far, read(text, at + 16, FIVE));
  const isValid = at >= 0 && ((upperBits | lowerBits) & ~TWO_BITS) === 0 && (upper | lower) >= 0 && micros >= 0;
  if (!isValid) return false;
  into.high = (upperBits << FIVE_BITS) | upper;
  into.low = (lowerBits << FIVE_BITS) | lower;
  into.micros = micros;
  return true;
}
