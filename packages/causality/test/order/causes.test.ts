import fc from 'fast-check';
import { type Causes, formatCauses, parseCauses, spanIdWord } from '../../src/order/causes.ts';
import { runs } from '../seed.ts';

const hexOf = (digits: number): fc.Arbitrary<string> => fc.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`));
const reference = fc.record({ traceId: hexOf(32), spanId: hexOf(16) });

const read = (text: string, value = Number.NaN, detail = Number.NaN): Causes => parseCauses({ text, value, detail });

test('causes are read as they were written', () => {
  fc.assert(
    fc.property(fc.option(hexOf(16), { nil: undefined }), fc.array(reference, { maxLength: 20 }), (sent, links) => {
      expect(read(formatCauses(sent, links))).toEqual({
        parentSpanId: '',
        sent: sent === undefined ? undefined : BigInt(`0x${sent}`),
        links,
      });
    }),
    runs(200),
  );
});

test('a span id goes through two numbers', () => {
  fc.assert(
    fc.property(hexOf(16), (spanId) => {
      const { parentSpanId } = read('', spanIdWord(spanId, 0), spanIdWord(spanId, 8));
      expect(parentSpanId).toBe(/[^0]/.test(spanId) ? spanId : '');
    }),
    runs(500),
  );
  for (const odd of [Number.NaN, -1, 1.5, 2 ** 32, Number.POSITIVE_INFINITY]) {
    expect(read('', odd, 1).parentSpanId + read('', 1, odd).parentSpanId).toBe('');
  }
});

test('of too many links the last 128 are told', () => {
  const links = Array.from({ length: 200 }, (_, i) => ({
    traceId: 'a'.repeat(32),
    spanId: String(i).padStart(16, '0'),
  }));
  expect(read(formatCauses(undefined, links)).links).toEqual(links.slice(-128));
});

test('what is malformed is left out, whatever it is', () => {
  const nothing = { parentSpanId: '', sent: undefined, links: [] };
  const odd = [
    'parent:',
    'parent:xyz',
    `parent:${'A'.repeat(16)}`,
    'sent:0x1',
    'sent:',
    'link:',
    `link:${'a'.repeat(32)}`,
  ];
  for (const text of [...odd, ...odd.map((token) => `${token} ${token}`), '', ' ', ':', '__proto__:1']) {
    expect(read(text)).toEqual(nothing);
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(() => read(text)).not.toThrow();
    }),
    runs(200),
  );
});
