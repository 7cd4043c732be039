import fc from 'fast-check';
import { ZScoreDetector } from '../src/index.ts';
import { chanceOf } from './families.ts';
import { runs, SEED } from './seed.ts';

beforeAll(() => console.log(`seed ${SEED}`));

function fed(values: readonly number[], detector = new ZScoreDetector()): ZScoreDetector {
  for (const [i, value] of values.entries()) detector.update(1000 * i, value);
  return detector;
}

const noise = (count: number, seed: number): number[] => {
  const { normal } = chanceOf(seed);
  return Array.from({ length: count }, () => 10 + 2 * normal());
};

it('flags what is three deviations off, and nothing during warm-up', () => {
  const detector = fed([...noise(29, 1), 1e9]);
  expect(detector.isAnomalous).toBe(false);
  const warm = fed(noise(2000, 2));
  expect(warm.update(2e6, 10)).toBe(false);
  expect(warm.update(2e6 + 1000, 25)).toBe(true);
  expect(warm).toMatchObject({ isAnomalous: true });
  expect(warm.zScore).toBeGreaterThan(5);
  expect(warm.score).toBeGreaterThan(0.5);
  expect(warm.update(2e6 + 2000, -5)).toBe(true);
  expect(warm.zScore).toBeLessThan(-5);
});

it('knows mean and deviation, and the range between', () => {
  const detector = fed(noise(3000, 3));
  expect(Math.abs(detector.mean - 10)).toBeLessThan(0.6);
  expect(Math.abs(detector.standardDeviation - 2)).toBeLessThan(0.4);
  expect(detector.expectedLower).toBeCloseTo(detector.mean - 3 * detector.standardDeviation, 12);
  expect(detector.expectedUpper).toBeCloseTo(detector.mean + 3 * detector.standardDeviation, 12);
  expect(new ZScoreDetector().mean).toBeNaN();
});

it('takes the first change of a constant for an anomaly', () => {
  expect(fed([...new Array<number>(100).fill(5), 5]).isAnomalous).toBe(false);
  expect(fed([...new Array<number>(100).fill(5), 6]).isAnomalous).toBe(true);
});

it('is not moved far by one huge value', () => {
  const detector = fed(noise(1000, 4));
  const before = detector.mean;
  detector.update(1e6 + 1, 1e12);
  expect(Math.abs(detector.mean - before)).toBeLessThan(1);
});

it.each([Number.NaN, Number.POSITIVE_INFINITY, -1e200])('%d changes nothing', (broken) => {
  const [one, twin] = [fed(noise(100, 5)), fed(noise(100, 5))];
  expect(one.update(1e6, broken)).toBe(false);
  expect(one.toState()).toEqual(twin.toState());
});

it('goes on when time stands still, goes back or is none', () => {
  const detector = new ZScoreDetector();
  for (const [i, value] of noise(500, 6).entries()) detector.update([0, -5, Number.NaN, 1e6][i % 4]!, value);
  expect(Math.abs(detector.mean - 10)).toBeLessThan(5);
});

it('scaled values give the same z-scores', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: -30, max: 30 }), (seed, exponent) => {
      const values = noise(200, seed);
      const scaled = fed(values.map((value) => value * 2 ** exponent));
      expect(scaled.zScore).toBeCloseTo(fed(values).zScore, 9);
    }),
    runs(30),
  );
});

it('saved, restored through JSON and continued equals never having been saved', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 0, max: 199 }), (seed, cut) => {
      const values = noise(200, seed);
      const never = fed(values);
      let saved = new ZScoreDetector({ threshold: 3 });
      for (const [i, value] of values.entries()) {
        if (i === cut) saved = ZScoreDetector.fromState(JSON.parse(JSON.stringify(saved.toState())));
        saved.update(1000 * i, value);
      }
      expect(saved.toState()).toEqual(never.toState());
      expect(saved.zScore).toBe(never.zScore);
    }),
    runs(50),
  );
});

it.each([
  [{ threshold: 0 }, 'threshold'],
  [{ threshold: Number.NaN }, 'threshold'],
  [{ memoryMs: 0 }, 'memoryMs'],
  [{ warmUp: 1 }, 'ZScoreDetector: warmUp must be a whole number from 2, got 1'],
])('refuses %o', (config, words) => {
  expect(() => new ZScoreDetector(config)).toThrow(words);
});

it.each([
  [null, 'must be an object'],
  [{ ...new ZScoreDetector().toState(), version: 3 }, 'version must be 1, got 3'],
  [{ ...new ZScoreDetector().toState(), variance: -1 }, 'variance must be'],
  [{ ...new ZScoreDetector().toState(), mean: null }, 'mean must be'],
])('refuses a broken state: %#', (state, words) => {
  expect(() => ZScoreDetector.fromState(state as never)).toThrow(words);
});
