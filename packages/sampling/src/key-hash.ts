/**
 * The key of a trace as two 32-bit numbers, computed without building a string: span kind, method, and the route, else
 * the path with its variable segments as `*`, else the span name. Paths and names come from whoever sends requests, so
 * that the hash starts from a secret and reads a bounded number of characters.
 */

/** Characters of a text that count. */
const MAX_CHARACTERS = 256;
const MAX_SEGMENTS = 4;
const LONG_SEGMENT = 32;
const MIN_HEX = 8;
/** More digits than this and a segment is taken for an identifier: `v1` and `2fa` are not. */
const MANY_DIGITS = 3;
const SLASH = 47;

// What a run of characters is, beyond every character code: a name never meets a path, nor `*` a variable segment.
const SEGMENT = 0x10000;
const STAR = 0x20000;
const TEXT = 0x30000;
const HIGH_PRIME = 0x01000193;
const LOW_PRIME = 0x85ebca6b;

/** The part of a path that is its segments: up to `?`, `#` or 256 characters. */
function pathEnd(path: string): number {
  const end = Math.min(path.length, MAX_CHARACTERS);
  for (let i = 0; i < end; i += 1) {
    const code = path.charCodeAt(i);
    if (code === 63 || code === 35) return i;
  }
  return end;
}

function segmentEnd(path: string, start: number, end: number): number {
  let i = start;
  while (i < end && path.charCodeAt(i) !== SLASH) i += 1;
  return i;
}

function digitsIn(path: string, start: number, end: number): number {
  let digits = 0;
  for (let i = start; i < end; i += 1) {
    const code = path.charCodeAt(i);
    if (code >= 48 && code <= 57) digits += 1;
  }
  return digits;
}

/** Whether a segment with so many digits looks like an identifier: a number, a UUID, hex, or long. */
function isIdentifier(path: string, start: number, end: number, digits: number): boolean {
  const length = end - start;
  if (digits === 0) return length > LONG_SEGMENT;
  if (digits > MANY_DIGITS || digits === length || length > LONG_SEGMENT) return true;
  return length >= MIN_HEX && isHexadecimal(path, start, end);
}

/** Hex digits and the dashes of a UUID. */
function isHexadecimal(path: string, start: number, end: number): boolean {
  for (let i = start; i < end; i += 1) {
    const code = path.charCodeAt(i) | 32;
    if (!((code >= 48 && code <= 57) || (code >= 97 && code <= 102) || code === 45)) return false;
  }
  return true;
}

/** A path as people read it in keys: `/users/*` for `/users/4711?x=1`; what is beyond four segments is cut. */
export function normalisePath(path: string): string {
  const end = pathEnd(path);
  const segments: string[] = [];
  let start = path.charCodeAt(0) === SLASH ? 1 : 0;
  while (start < end && segments.length < MAX_SEGMENTS) {
    const stop = segmentEnd(path, start, end);
    segments.push(isIdentifier(path, start, stop, digitsIn(path, start, stop)) ? '*' : path.slice(start, stop));
    start = stop + 1;
  }
  return `/${segments.join('/')}`;
}

/** Computes one key at a time; the result stays in `high` and `low` until the next `begin`. */
export class KeyHash {
  high = 0;
  low = 0;
  readonly #highSeed: number;
  readonly #lowSeed: number;

  /** @param random 0 to 1, asked twice: the secret against crafted collisions */
  constructor(random: () => number) {
    this.#highSeed = Math.trunc(random() * 2 ** 32) | 0;
    this.#lowSeed = Math.trunc(random() * 2 ** 32) | 0;
  }

  begin(kind: number): void {
    this.high = this.#highSeed;
    this.low = this.#lowSeed;
    this.high = Math.imul(this.high ^ (kind + 1), HIGH_PRIME);
    this.low = Math.imul(this.low ^ (kind + 1), LOW_PRIME);
  }

  /** Adds a method, a route, a name: at most 256 characters, and how many there were. */
  text(text: string): void {
    const end = Math.min(text.length, MAX_CHARACTERS);
    // Kept in locals: as fields they would be written once a character.
    let high = Math.imul(this.high ^ (TEXT + text.length), HIGH_PRIME);
    let low = Math.imul(this.low ^ (TEXT + text.length), LOW_PRIME);
    for (let i = 0; i < end; i += 1) {
      const code = text.charCodeAt(i);
      high = Math.imul(high ^ code, HIGH_PRIME);
      low = Math.imul(low ^ code, LOW_PRIME);
    }
    this.high = high;
    this.low = low ^ (low >>> 15);
  }

  /** Adds a path: two paths count as the same where {@link normalisePath} gives the same. Reads each character once. */
  // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: one pass, or it is most of what a decision costs
  path(path: string): void {
    let end = Math.min(path.length, MAX_CHARACTERS);
    let start = path.charCodeAt(0) === SLASH ? 1 : 0;
    let { high, low } = this;
    for (let n = 0; n < MAX_SEGMENTS; n += 1) {
      let segmentHigh = Math.imul(high ^ SEGMENT, HIGH_PRIME);
      let segmentLow = Math.imul(low ^ SEGMENT, LOW_PRIME);
      let digits = 0;
      let i = start;
      for (; i < end; i += 1) {
        const code = path.charCodeAt(i);
        if (code < 64) {
          if (code === SLASH) break;
          if (code === 63 || code === 35) {
            end = i;
            break;
          }
          if (code <= 57 && code >= 48) digits += 1;
        }
        segmentHigh = Math.imul(segmentHigh ^ code, HIGH_PRIME);
        segmentLow = Math.imul(segmentLow ^ code, LOW_PRIME);
      }
      if (start >= end) break;
      const isStar = isIdentifier(path, start, i, digits);
      high = isStar ? Math.imul(high ^ STAR, HIGH_PRIME) : segmentHigh;
      low = isStar ? Math.imul(low ^ STAR, LOW_PRIME) : segmentLow;
      start = i + 1;
    }
    this.high = high;
    this.low = low ^ (low >>> 15);
  }

  end(): void {
    this.high = Math.imul(this.high ^ (this.high >>> 16), 0x7feb352d);
    this.high ^= this.high >>> 15;
    this.low = Math.imul(this.low ^ (this.low >>> 15), 0x735a2d97);
    this.low ^= this.low >>> 16;
  }
}
