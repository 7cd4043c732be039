import fc from 'fast-check';
import { encodeThreshold, isKept, MIN_PROBABILITY, NEVER, probabilityOf, thresholdOf } from '../src/threshold.ts';
import { runs } from './seed.ts';

const hex = (digits: number): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...'0123456789abcdef'), { minLength: digits, maxLength: digits }).map((d) => d.join(''));
const probability = fc.double({ min: MIN_PROBABILITY, max: 1, noNaN: true });
/** As many orders of magnitude as there are, evenly. */
const anyProbability = fc.oneof(
  probability,
  fc.double({ min: 0, max: 48, noNaN: true }).map((e) => 2 ** -e),
);
const SCALE = 2n ** 56n;

describe('the table of the specification, at four digits', () => {
  test.each([
    [1, '0', 1],
    [2, '8', 2],
    [3, 'aaab', 3.00004577706569],
    [4, 'c', 4],
    [5, 'cccd', 5.0000762951094835],
    [8, 'e', 8],
    [10, 'e666', 9.99938968568813],
    [16, 'f', 16],
    [100, 'fd70a', 99.99771123402633],
    [1000, 'ffbe77', 1000.012874769029],
    [10_000, 'fff9724', 9999.830725674266],
    [100_000, 'ffff583a', 99999.238556461],
    [1_000_000, 'ffffef39', 999992.38556461],
  ])('one in %i is th:%s', (n, th, adjustedCount) => {
    expect(encodeThreshold(thresholdOf(1 / n))).toBe(th);
    expect(1 / probabilityOf(thresholdOf(1 / n))).toBeCloseTo(adjustedCount, 6);
  });
});

test('a probability out of range keeps everything or nothing', () => {
  expect([2, 1, Number.POSITIVE_INFINITY].map(thresholdOf)).toEqual([0, 0, 0]);
  expect([0, -1, Number.NaN, Number.NEGATIVE_INFINITY, MIN_PROBABILITY / 2].map(thresholdOf)).toEqual(
    new Array(5).fill(NEVER),
  );
  expect(isKept(NEVER, 'f'.repeat(14), 0)).toBe(false);
});

test('the probability of a threshold is within its precision of the one asked for', () => {
  fc.assert(
    fc.property(anyProbability, (p) => {
      const got = probabilityOf(thresholdOf(p));
      expect(got).toBeGreaterThan(0);
      // Four digits after leading f's: half a unit of the fourth, seen from a first digit of at least 1/16. Where 12
      // digits are all there is, half a unit of the last.
      expect(Math.abs(got - p)).toBeLessThanOrEqual(Math.max(p * 16 ** -3, 2 ** -48));
    }),
    runs(500),
  );
});

test('a higher probability has no higher threshold', () => {
  fc.assert(
    fc.property(anyProbability, anyProbability, (a, b) => {
      expect(thresholdOf(Math.max(a, b))).toBeLessThanOrEqual(thresholdOf(Math.min(a, b)));
    }),
    runs(500),
  );
});

test('what is written reads back as the same 56 bits, without trailing zeros', () => {
  fc.assert(
    fc.property(anyProbability, (p) => {
      const threshold = thresholdOf(p);
      const th = encodeThreshold(threshold);
      expect(th).toMatch(/^(0|[0-9a-f]{0,11}[1-9a-f])$/);
      expect(BigInt(`0x${th.padEnd(14, '0')}`)).toBe(BigInt(threshold) << 8n);
    }),
    runs(500),
  );
});

test('48-bit doubles decide as 56-bit integers do', () => {
  const near = fc.tuple(anyProbability, fc.bigInt(-300n, 300n));
  fc.assert(
    fc.property(hex(18), hex(14), near, (prefix, tail, [p, off]) => {
      const threshold = thresholdOf(p);
      const exact = BigInt(threshold) << 8n;
      const close = ((exact + off + SCALE) % SCALE).toString(16).padStart(14, '0');
      for (const randomness of [tail, close]) {
        const expected = BigInt(`0x${randomness}`) >= exact;
        expect(isKept(threshold, prefix + randomness, 18)).toBe(expected);
        expect(isKept(threshold, randomness.toUpperCase(), 0)).toBe(expected);
      }
    }),
    runs(500),
  );
});

test('a trace id that is no hex, or too short, gives a decision and no exception', () => {
  for (const id of ['', 'x', '\u0000'.repeat(32), '\uD800'.repeat(32), 'g'.repeat(32)]) {
    expect(typeof isKept(thresholdOf(0.5), id, 18)).toBe('boolean');
  }
});
