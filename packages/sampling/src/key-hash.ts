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
const STAR = 42;
const SLASH = 47;

// What a run of characters is, so that a name never meets a path.
const TEXT = 1;
const PATH = 2;

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

/** Whether a segment looks like an identifier: digits, a UUID, hex, or long. */
function isVariable(path: string, start: number, end: number): boolean {
  const length = end - start;
  if (length > LONG_SEGMENT) return true;
  let digits = 0;
  let hex = 0;
  for (let i = start; i < end; i += 1) {
    const code = path.charCodeAt(i);
    const letter = code | 32;
    if (code >= 48 && code <= 57) digits += 1;
    else if ((letter >= 97 && letter <= 102) || code === 45) hex += 1;
  }
  if (digits === 0) return false;
  return digits > MANY_DIGITS || digits === length || (length >= MIN_HEX && digits + hex === length);
}

/** A path as people read it in keys: `/users/*` for `/users/4711?x=1`; what is beyond four segments is cut. */
export function normalisePath(path: string): string {
  const end = pathEnd(path);
  const segments: string[] = [];
  let start = path.charCodeAt(0) === SLASH ? 1 : 0;
  while (start < end && segments.length < MAX_SEGMENTS) {
    const stop = segmentEnd(path, start, end);
    segments.push(isVariable(path, start, stop) ? '*' : path.slice(start, stop));
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
    this.#mix(kind);
  }

  #mix(code: number): void {
    this.high = Math.imul(this.high ^ code, 0x01000193);
    this.high ^= this.high >>> 15;
    this.low = Math.imul(((this.low << 7) | (this.low >>> 25)) ^ code, 0x85ebca6b);
  }

  /** Adds a method, a route, a name: at most 256 characters, and how many there were. */
  text(text: string): void {
    const end = Math.min(text.length, MAX_CHARACTERS);
    this.#mix(TEXT);
    for (let i = 0; i < end; i += 1) this.#mix(text.charCodeAt(i));
    this.#mix(text.length);
  }

  /** Adds a path: two paths count as the same where {@link normalisePath} gives the same. */
  path(path: string): void {
    const end = pathEnd(path);
    let start = path.charCodeAt(0) === SLASH ? 1 : 0;
    this.#mix(PATH);
    for (let n = 0; n < MAX_SEGMENTS && start < end; n += 1) {
      const stop = segmentEnd(path, start, end);
      this.#mix(SLASH);
      if (isVariable(path, start, stop)) this.#mix(STAR);
      else for (let i = start; i < stop; i += 1) this.#mix(path.charCodeAt(i));
      start = stop + 1;
    }
  }

  /** Adds which budget the key belongs to: the same route under two rules is two keys. */
  number(value: number): void {
    this.#mix(value);
  }

  end(): void {
    this.high = Math.imul(this.high ^ (this.high >>> 16), 0x7feb352d);
    this.high ^= this.high >>> 15;
    this.low = Math.imul(this.low ^ (this.low >>> 15), 0x735a2d97);
    this.low ^= this.low >>> 16;
  }
}
