import fc from 'fast-check';
import { MAX_TEXT_BYTES, TEXT_GUARD, TEXT_HEAD } from '../src/layout.ts';
import { resolveStreamConfig } from '../src/options.ts';
import { loadPosition } from '../src/position.ts';
import { allocateRing, type Ring } from '../src/ring.ts';
import { readText, TextWriter } from '../src/text-ring.ts';
import { runs } from './seed.ts';

const BYTES = 65_536;

function texts(): { ring: Ring; writer: TextWriter } {
  const ring = allocateRing(resolveStreamConfig({ slots: 1024, textBytes: BYTES }), new SharedArrayBuffer(0));
  return { ring, writer: new TextWriter(ring) };
}

it('reads a text as it was written, or not at all when it was overwritten', () => {
  const piece = fc.record({
    unit: fc.constantFrom('x', 'é', '€', '\u{1f600}', '\0', '\ud800', 'mixed \u{1f600}\n'),
    times: fc.oneof(fc.nat(20), fc.nat(3000)),
  });
  fc.assert(
    fc.property(fc.array(piece, { minLength: 20, maxLength: 60 }), (pieces) => {
      const { ring, writer } = texts();
      const written = pieces.map(({ unit, times }) => {
        const text = cut(unit.repeat(times));
        const location = writer.write(unit.repeat(times));
        expect(readText(ring, location)).toBe(text);
        return { text, location };
      });
      const head = loadPosition(ring.header, TEXT_HEAD);
      for (const { text, location } of written.filter((one) => one.location.length > 0)) {
        const isKept = location.position >= head - (BYTES - TEXT_GUARD);
        expect(readText(ring, location)).toBe(isKept ? text : undefined);
      }
    }),
    runs(50),
  );
});

/** What is left of a text: whole characters within the limit, lone surrogates as U+FFFD. */
function cut(text: string): string {
  const bytes = Buffer.from(text);
  let end = Math.min(bytes.length, MAX_TEXT_BYTES);
  while (end < bytes.length && ((bytes[end] as number) & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}

it('never splits a text around the end of the ring', () => {
  const { ring, writer } = texts();
  for (let i = 0; i < 100; i++) {
    const { position, length } = writer.write('y'.repeat(5000));
    expect((position % BYTES) + length).toBeLessThanOrEqual(BYTES);
    expect(readText(ring, { position, length })).toBe('y'.repeat(5000));
  }
});

it('cuts a text at 8,192 bytes, between characters', () => {
  const { ring, writer } = texts();
  const location = writer.write(`${'x'.repeat(8191)}\u{1f600}tail`);
  expect(readText(ring, location)).toBe('x'.repeat(8191));
  expect(readText(ring, writer.write('\u{1f600}'.repeat(10_000)))).toBe('\u{1f600}'.repeat(2048));
});

it.each(['', undefined, 5, null])('writes nothing for %p', (text) => {
  const { ring, writer } = texts();
  expect(writer.write(text as string).length).toBe(0);
  expect(readText(ring, writer.write('next'))).toBe('next');
});
