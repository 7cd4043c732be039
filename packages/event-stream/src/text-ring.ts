import { MAX_TEXT_BYTES, TEXT_GUARD, TEXT_HEAD } from './layout.ts';
import { loadPosition, storePosition } from './position.ts';
import type { Ring } from './ring.ts';

/** Where a text lies: its position counts all bytes ever written, so it never repeats. */
export interface TextLocation {
  readonly position: number;
  readonly length: number;
}

const NO_TEXT: TextLocation = { position: 0, length: 0 };

/** The writing side of the byte ring for dynamic text; one per ring. */
export class TextWriter {
  readonly #ring: Ring;
  #head = 0;

  constructor(ring: Ring) {
    this.#ring = ring;
  }

  /** Stores a text as UTF-8, cut to whole characters within 8,192 bytes. */
  write(text: string): TextLocation {
    if (typeof text !== 'string' || text === '') {
      return NO_TEXT;
    }
    const { header, text: bytes } = this.#ring;
    const room = Math.min(Buffer.byteLength(text), MAX_TEXT_BYTES);
    const untilWrap = bytes.length - (this.#head % bytes.length);
    const position = room <= untilWrap ? this.#head : this.#head + untilWrap;
    this.#head = position + room;
    // The head moves first: a reader that still decodes what is overwritten here then sees that it is gone.
    storePosition(header, TEXT_HEAD, this.#head);
    return { position, length: bytes.write(text, position % bytes.length, room) };
  }
}

/** The text at a location; undefined when it was overwritten before it could be read. */
export function readText(ring: Ring, location: TextLocation): string | undefined {
  if (location.length === 0) {
    return '';
  }
  const start = location.position % ring.text.length;
  const text = ring.text.toString('utf8', start, start + location.length);
  const head = loadPosition(ring.header, TEXT_HEAD);
  const isIntact = location.position >= head - (ring.text.length - TEXT_GUARD);
  return isIntact ? text : undefined;
}
