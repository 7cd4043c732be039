import fc from 'fast-check';
import { ContextReader, ContextWriter, NO_CONTEXT } from '../src/context-ring.ts';
import { CONTEXT_GUARD } from '../src/layout.ts';
import { resolveStreamConfig } from '../src/options.ts';
import { allocateRing } from '../src/ring.ts';
import { runs } from './seed.ts';
import { SPAN_ID, TRACE_ID } from './streams.ts';

const CONTEXTS = 1024;

function contexts(): { writer: ContextWriter; reader: ContextReader } {
  const config = resolveStreamConfig({ slots: 1024, contexts: CONTEXTS });
  const ring = allocateRing(config, new SharedArrayBuffer(0));
  return { writer: new ContextWriter(ring), reader: new ContextReader(ring) };
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

it('resolves ids to what was interned', () => {
  const id = (digits: number) =>
    fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: digits, maxLength: digits });
  fc.assert(
    fc.property(fc.array(fc.tuple(id(32), id(16)), { maxLength: 50 }), (pairs) => {
      const { writer, reader } = contexts();
      const ids = pairs.map(([traceId, spanId]) => writer.intern(traceId, spanId));
      for (const [i, [traceId, spanId]] of pairs.entries()) {
        const isValid = /[^0]/.test(traceId) && /[^0]/.test(spanId);
        expect(reader.resolve(ids[i] as number)).toEqual(isValid ? { traceId, spanId } : NO_CONTEXT);
      }
    }),
    runs(100),
  );
});

it.each([
  ['a short trace id', TRACE_ID.slice(1), SPAN_ID],
  ['a long span id', TRACE_ID, `${SPAN_ID}0`],
  ['upper case', TRACE_ID.toUpperCase(), SPAN_ID],
  ['other characters', `g${TRACE_ID.slice(1)}`, SPAN_ID],
  ['characters beyond ASCII', `\u0130${TRACE_ID.slice(1)}`, SPAN_ID],
  ['a trace id of zeros', '0'.repeat(32), SPAN_ID],
  ['a span id of zeros', TRACE_ID, '0'.repeat(16)],
  ['nothing', '', ''],
  ['no strings', undefined, 5],
])('has no context for %s', (_what, traceId, spanId) => {
  const { writer, reader } = contexts();
  expect(writer.intern(traceId as string, spanId as string)).toBe(0);
  expect(writer.intern(TRACE_ID, SPAN_ID)).toBe(1);
  expect(reader.resolve(1)).toEqual({ traceId: TRACE_ID, spanId: SPAN_ID });
});

it('gives the same pair asked for again the same number', () => {
  const { writer } = contexts();
  expect([writer.intern(TRACE_ID, SPAN_ID), writer.intern(TRACE_ID, SPAN_ID)]).toEqual([1, 1]);
});

it('reads a wrapped context as empty, never as a wrong one', () => {
  const { writer, reader } = contexts();
  const total = 5 * CONTEXTS;
  for (let id = 1; id <= total; id++) {
    expect(writer.intern(hex(id, 32), hex(id, 16))).toBe(id);
    const old = id - (id % CONTEXTS);
    if (old > 0) expect([hex(old, 32), '']).toContain(reader.resolve(old).traceId);
  }
  for (let id = 1; id <= total; id++) {
    const isKept = id > total - (CONTEXTS - CONTEXT_GUARD);
    expect(reader.resolve(id)).toEqual(isKept ? { traceId: hex(id, 32), spanId: hex(id, 16) } : NO_CONTEXT);
  }
});

it.each([0, -1, 0.5, 2, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('has nothing for the number %d', (id) => {
  const { writer, reader } = contexts();
  writer.intern(TRACE_ID, SPAN_ID);
  expect(reader.resolve(id)).toEqual(NO_CONTEXT);
  expect(reader.matcher(TRACE_ID)(id)).toBe(false);
});

it('matches the contexts of one trace', () => {
  const { writer, reader } = contexts();
  const ids = [1, 2, 1, 3].map((trace, span) => writer.intern(hex(trace, 32), hex(span + 1, 16)));
  expect(ids.map(reader.matcher(hex(1, 32)))).toEqual([true, false, true, false]);
  expect(ids.map(reader.matcher('no trace id'))).toEqual([false, false, false, false]);
});
