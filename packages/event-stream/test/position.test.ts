import fc from 'fast-check';
import { loadPosition, notePosition, storePosition } from '../src/position.ts';
import { runs } from './seed.ts';

const position = fc.maxSafeNat();

it('a position read back is the one stored, up to the largest safe integer', () => {
  fc.assert(
    fc.property(position, (value) => {
      const words = new Int32Array(4);
      storePosition(words, 1, value);
      expect(loadPosition(words, 1)).toBe(value);
      expect([words[0], words[3]]).toEqual([0, 0]);
    }),
    runs(2000),
  );
});

it('a position that is noted is read back as well', () => {
  const words = new Int32Array(2);
  notePosition(words, 0, 2 ** 40 + 3);
  expect(loadPosition(words, 0)).toBe(2 ** 40 + 3);
});

it.each([0, 1, 2 ** 21 - 1, 2 ** 21, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1])(
  '%d survives',
  (value) => {
    const words = new Int32Array(2);
    storePosition(words, 0, value);
    expect(loadPosition(words, 0)).toBe(value);
  },
);

it('words of two moments give the position that the low word belongs to', () => {
  const step = fc.integer({ min: 0, max: 2 ** 31 - 2 ** 21 - 1 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 52 }), step, fc.boolean(), (older, distance, isLowNewer) => {
      const newer = older + distance;
      const words = { older: new Int32Array(2), newer: new Int32Array(2) };
      storePosition(words.older, 0, older);
      storePosition(words.newer, 0, newer);
      const [low, high] = isLowNewer ? [words.newer, words.older] : [words.older, words.newer];
      expect(loadPosition(Int32Array.of(low[0] as number, high[1] as number), 0)).toBe(isLowNewer ? newer : older);
    }),
    runs(2000),
  );
});
