import fc from 'fast-check';
import { findChangePoints } from '../src/index.ts';
import { chanceOf } from './families.ts';
import { runs, SEED } from './seed.ts';

beforeAll(() => console.log(`seed ${SEED}`));

/** The examples of Apache Otava's own tests. */
const HALVED = [
  1.02, 0.95, 0.99, 1.0, 1.12, 1.0, 1.01, 0.98, 1.01, 0.96, 0.5, 0.51, 0.48, 0.48, 0.55, 0.5, 0.49, 0.51, 0.5, 0.49,
];
const TWO_STEPS = [0.3, 2.4, 1.5, -0.9, -0.5, 99.7, 98.3, 99.1, 149.0, 149.7, 149.5, 149.1, 148.8, 150.0];
const indexes = (...args: Parameters<typeof findChangePoints>): number[] =>
  findChangePoints(...args).map(({ index }) => index);

it('finds the change points of published examples', () => {
  expect(indexes(HALVED, { windowLength: 10, maxPValue: 0.0001 })).toEqual([10]);
  expect(indexes(TWO_STEPS, { maxPValue: 0.01 })).toEqual([5, 8]);
});

it('says what the means were, how sure it is and how large the change', () => {
  const [point] = findChangePoints(HALVED);
  expect(point).toMatchObject({ index: 10 });
  expect(point!.before).toBeCloseTo(1.004, 12);
  expect(point!.after).toBeCloseTo(0.501, 12);
  expect(point!.magnitude).toBeCloseTo(1.004 / 0.501 - 1, 12);
  expect(point!.pValue).toBeLessThan(1e-15);
});

it('leaves out changes below the least magnitude', () => {
  expect(indexes(HALVED, { minMagnitude: 0.9 })).toEqual([10]);
  expect(indexes(HALVED, { minMagnitude: 1.1 })).toEqual([]);
});

it('finds steps in a long series where they are, within two points', () => {
  const { normal } = chanceOf(7);
  const series = Array.from({ length: 400 }, (_, i) => (i < 130 ? 10 : i < 270 ? 13 : 11) + 0.5 * normal());
  const found = indexes(series);
  expect(found).toHaveLength(2);
  expect(Math.abs(found[0]! - 130)).toBeLessThanOrEqual(2);
  expect(Math.abs(found[1]! - 270)).toBeLessThanOrEqual(2);
});

it('finds little in noise: a change point in less than one of ten series of 200 points', () => {
  const { normal } = chanceOf(8);
  const found = Array.from({ length: 40 }, () => indexes(Array.from({ length: 200 }, normal)).length);
  expect(found.filter((count) => count > 0).length).toBeLessThan(12);
});

it.each([[[]], [[1]], [[1, 2]], [new Array<number>(100).fill(3)]])('finds nothing in %j', (series) => {
  expect(indexes(series)).toEqual([]);
});

it('passes over what is no number, and counts it in the index', () => {
  const series = HALVED.flatMap((value, i) => (i === 4 ? [value, Number.NaN, Number.POSITIVE_INFINITY] : [value]));
  expect(indexes(series)).toEqual([12]);
});

it('does not depend on scale, sign or shift, nor on chance', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: -8, max: 8 }), fc.boolean(), (seed, exponent, isNegative) => {
      const { normal } = chanceOf(seed);
      const series = Array.from({ length: 120 }, (_, i) => Math.round(64 * (normal() + (i < 60 ? 0 : 3))) / 64);
      const factor = (isNegative ? -1 : 1) * 2 ** exponent;
      expect(indexes(series)).toEqual(indexes(series));
      expect(indexes(series.map((value) => value * factor))).toEqual(indexes(series));
      expect(indexes(series.map((value) => value + 4096))).toEqual(indexes(series));
    }),
    runs(20),
  );
});

it.each([
  [{ windowLength: 3 }, 'findChangePoints: windowLength must be a whole number from 4 to 1000, got 3'],
  [{ maxPValue: 0 }, 'maxPValue'],
  [{ maxPValue: 1.1 }, 'maxPValue'],
  [{ minMagnitude: -1 }, 'minMagnitude'],
])('refuses %o', (config, words) => {
  expect(() => findChangePoints([], config)).toThrow(words);
});
