import { type Context, context as contextApi, type SpanContext, trace } from '@opentelemetry/api';
import type { Region } from './block-arena.ts';
import { COUNTS, EXEMPLAR_CELLS, WINDOW } from './layout.ts';
import type { ExemplarContext, HotExemplar } from './types.ts';

/** Cells of a slot: value, epoch ms, how many were offered in this window, the window, then eight 32-bit words. */
const VALUE = 0;
const TIME = 1;
const OFFERED = 2;
const SLOT_WINDOW = 3;
/** The words: a version that is odd while the slot is written, one unused, then trace id (4) and span id (2). */
const WORDS = 4;
const WORDS_PER_CELL = 2;
const TRACE_WORD = 2;
const SPAN_WORD = 6;
const SAMPLED = 1;

// Copies: V8 folds a constant of this module, but reads an imported one at each use.
const slotCells = EXEMPLAR_CELLS;
const windowCell = WINDOW;

const TRACE_ID = /^[0-9a-f]{32}$/;
const SPAN_ID = /^[0-9a-f]{16}$/;

/**
 * One exemplar per bucket: a uniform sample of what was offered since the last collection (reservoir of size one,
 * Vitter's algorithm R), so that a busy bucket reads the span and the clock only about ln(n) times in n records.
 */
export class ExemplarSlots {
  readonly #cells: Float64Array;
  readonly #words: Int32Array;
  readonly #base: number;
  readonly #now: () => number;
  #random = 0x9e3779b9;

  constructor(region: Region, buckets: number, now: () => number) {
    this.#cells = region.cells;
    this.#words = new Int32Array(region.cells.buffer, 0, region.cells.length * WORDS_PER_CELL);
    this.#base = region.base + COUNTS + buckets;
    this.#now = now;
  }

  offer(bucket: number, value: number, context: ExemplarContext | undefined): void {
    const cells = this.#cells;
    const slot = this.#base + bucket * slotCells;
    const window = cells[windowCell] as number;
    const isNew = cells[slot + SLOT_WINDOW] !== window || cells[slot + TIME] === 0;
    const offered = isNew ? 1 : (cells[slot + OFFERED] as number) + 1;
    cells[slot + OFFERED] = offered;
    if (!isNew && this.#nextRandom() * offered >= 1) return;
    const span = spanOf(context);
    if (span === undefined) return;
    const version = (slot + WORDS) * WORDS_PER_CELL;
    Atomics.add(this.#words, version, 1);
    cells[slot + VALUE] = value;
    cells[slot + TIME] = this.#now();
    cells[slot + SLOT_WINDOW] = window;
    this.#writeHex(version + TRACE_WORD, span.traceId);
    this.#writeHex(version + SPAN_WORD, span.spanId);
    Atomics.add(this.#words, version, 1);
  }

  #writeHex(word: number, hex: string): void {
    for (let i = 0; i < hex.length; i += 8) this.#words[word + i / 8] = Number.parseInt(hex.slice(i, i + 8), 16);
  }

  /** xorshift32, as a number from 0 to below 1. */
  #nextRandom(): number {
    let x = this.#random;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#random = x;
    return (x >>> 0) / 2 ** 32;
  }
}

/** Ids of the sampled span of a context, or of the active one. A foreign context that throws has none. */
function spanOf(context: ExemplarContext | undefined): SpanContextLike | undefined {
  try {
    const span = spanContextOf(context);
    if (span === undefined || ((span.traceFlags ?? SAMPLED) & SAMPLED) === 0) return undefined;
    return isId(span.traceId, TRACE_ID) && isId(span.spanId, SPAN_ID) ? span : undefined;
  } catch {
    return undefined;
  }
}

function isId(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && pattern.test(value);
}

function spanContextOf(context: ExemplarContext | undefined): SpanContextLike | undefined {
  if (typeof context !== 'object' || context === null) return trace.getSpanContext(contextApi.active());
  return isContext(context) ? trace.getSpanContext(context) : context;
}

/** Tells a `Context` of the OpenTelemetry API from a pair of ids (and from whatever else was passed). */
export function isContext(context: unknown): context is Context {
  return typeof context === 'object' && context !== null && 'getValue' in context;
}

type SpanContextLike = Pick<SpanContext, 'traceId' | 'spanId'> & { readonly traceFlags?: number };

/**
 * Reads the exemplars of a row that were written since `seen` was last passed; `seen` holds one version per bucket and is
 * brought up to date. A slot that is being written right now is left for the next time.
 */
export function readExemplars(row: Omit<Region, 'block'>, seen: Int32Array): HotExemplar[] {
  const { cells } = row;
  const words = new Int32Array(cells.buffer, 0, cells.length * WORDS_PER_CELL);
  const found: HotExemplar[] = [];
  for (let bucket = 0; bucket < seen.length; bucket++) {
    const slot = row.base + COUNTS + seen.length + bucket * EXEMPLAR_CELLS;
    const version = Atomics.load(words, (slot + WORDS) * WORDS_PER_CELL);
    if (version === seen[bucket] || version % 2 !== 0) continue;
    const exemplar = readSlot(cells, words, slot);
    if (Atomics.load(words, (slot + WORDS) * WORDS_PER_CELL) !== version) continue;
    seen[bucket] = version;
    found.push(exemplar);
  }
  return found;
}

function readSlot(cells: Float64Array, words: Int32Array, slot: number): HotExemplar {
  const first = (slot + WORDS) * WORDS_PER_CELL;
  return {
    value: cells[slot + VALUE] as number,
    timeMs: cells[slot + TIME] as number,
    traceId: hexOf(words, first + TRACE_WORD, 4),
    spanId: hexOf(words, first + SPAN_WORD, 2),
  };
}

function hexOf(words: Int32Array, from: number, count: number): string {
  let hex = '';
  for (let i = from; i < from + count; i++) hex += ((words[i] as number) >>> 0).toString(16).padStart(8, '0');
  return hex;
}
