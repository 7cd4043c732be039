import { CONTEXT_GUARD, CONTEXT_HEAD, WORDS_PER_CONTEXT } from './layout.ts';
import { loadPosition, storePosition } from './position.ts';
import type { Ring } from './ring.ts';

/**
 * Trace contexts by number: 24 bytes each (trace id, span id) in a ring. Numbers never repeat and are not reduced to 32
 * bits, so an old number can only read as empty, never as somebody else's trace.
 */

/** Value of a lower-case hex digit by character code; 255 for everything else. */
const DIGITS = new Uint8Array(128).fill(255);
for (const [value, digit] of [...'0123456789abcdef'].entries()) DIGITS[digit.charCodeAt(0)] = value;

const TRACE_ID_WORDS = 4;

/** Reads `count` words of eight hex digits into `target`; false when there are others, or only zeros. */
function parseHex(text: string, target: Int32Array, count: number): boolean {
  if (typeof text !== 'string' || text.length !== count * 8) {
    return false;
  }
  let invalid = 0;
  let any = 0;
  for (let word = 0; word < count; word++) {
    let bits = 0;
    for (let i = word * 8; i < word * 8 + 8; i++) {
      const code = text.charCodeAt(i);
      const digit = code < 128 ? (DIGITS[code] as number) : 255;
      invalid |= digit;
      bits = (bits << 4) | digit;
    }
    target[word] = bits;
    any |= bits;
  }
  return invalid < 16 && any !== 0;
}

/** The writing side; one per ring. */
export class ContextWriter {
  readonly #ring: Ring;
  readonly #traceWords = new Int32Array(TRACE_ID_WORDS);
  readonly #spanWords = new Int32Array(WORDS_PER_CONTEXT - TRACE_ID_WORDS);
  #id = 0;
  #lastTraceId = '';
  #lastSpanId = '';

  constructor(ring: Ring) {
    this.#ring = ring;
  }

  /** The number of a context, 0 for invalid ids. Asking for the same one again at once is free. */
  intern(traceId: string, spanId: string): number {
    if (spanId === this.#lastSpanId && traceId === this.#lastTraceId) {
      return this.#id;
    }
    if (!parseHex(traceId, this.#traceWords, 4) || !parseHex(spanId, this.#spanWords, 2)) {
      return 0;
    }
    const id = this.#id + 1;
    // The head moves first: a reader that still copies the old entry then sees that it is gone.
    storePosition(this.#ring.header, CONTEXT_HEAD, id);
    const start = (id % this.#ring.contextSlots) * WORDS_PER_CONTEXT;
    this.#ring.contexts.set(this.#traceWords, start);
    this.#ring.contexts.set(this.#spanWords, start + TRACE_ID_WORDS);
    this.#id = id;
    this.#lastTraceId = traceId;
    this.#lastSpanId = spanId;
    return id;
  }
}

export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
}

export const NO_CONTEXT: TraceContext = { traceId: '', spanId: '' };

/** The reading side, for any thread. */
export class ContextReader {
  readonly #ring: Ring;
  readonly #words = new Int32Array(WORDS_PER_CONTEXT);
  #lastId = 0;
  #last: TraceContext = NO_CONTEXT;

  constructor(ring: Ring) {
    this.#ring = ring;
  }

  /** The ids of a context; empty ones when there is none, or it was overwritten. */
  resolve(id: number): TraceContext {
    if (id === this.#lastId) {
      return this.#last;
    }
    if (!this.#copy(id)) {
      return NO_CONTEXT;
    }
    const digits = Array.from(this.#words, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
    this.#lastId = id;
    this.#last = { traceId: digits.slice(0, 32), spanId: digits.slice(32) };
    return this.#last;
  }

  /** A test for the contexts of one trace, without building strings. */
  matcher(traceId: string): (id: number) => boolean {
    const wanted = new Int32Array(TRACE_ID_WORDS);
    if (!parseHex(traceId, wanted, 4)) {
      return () => false;
    }
    return (id) => this.#copy(id) && wanted.every((word, i) => word === this.#words[i]);
  }

  #copy(id: number): boolean {
    const { header, contexts, contextSlots } = this.#ring;
    if (!(Number.isInteger(id) && id > 0)) {
      return false;
    }
    const start = (id % contextSlots) * WORDS_PER_CONTEXT;
    for (let i = 0; i < WORDS_PER_CONTEXT; i++) {
      this.#words[i] = contexts[start + i] as number;
    }
    const head = loadPosition(header, CONTEXT_HEAD);
    return id <= head && id > head - (contextSlots - CONTEXT_GUARD);
  }
}
