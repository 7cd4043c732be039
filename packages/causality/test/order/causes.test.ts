import fc from 'fast-check';
import { formatCauses, parseCauses } from '../../src/order/causes.ts';
import { runs } from '../seed.ts';

const hexOf = (digits: number): fc.Arbitrary<string> => fc.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`));
const reference = fc.record({ traceId: hexOf(32), spanId: hexOf(16) });

test('causes are read as they were written', () => {
  fc.assert(
    fc.property(
      fc.option(reference, { nil: undefined }),
      fc.option(hexOf(16), { nil: undefined }),
      fc.array(reference, { maxLength: 20 }),
      (parent, sent, links) => {
        const text = formatCauses(parent && { ...parent, traceFlags: 1 }, sent, links);
        expect(parseCauses(text)).toEqual({
          parentSpanId: parent?.spanId ?? '',
          sent: sent === undefined ? undefined : BigInt(`0x${sent}`),
          links,
        });
      },
    ),
    runs(200),
  );
});

test('of too many links the last 128 are told', () => {
  const links = Array.from({ length: 200 }, (_, i) => ({
    traceId: 'a'.repeat(32),
    spanId: String(i).padStart(16, '0'),
  }));
  expect(parseCauses(formatCauses(undefined, undefined, links)).links).toEqual(links.slice(-128));
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
    expect(parseCauses(text)).toEqual(nothing);
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(() => parseCauses(text)).not.toThrow();
    }),
    runs(200),
  );
});
