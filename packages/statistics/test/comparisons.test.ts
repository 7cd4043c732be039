import fc from 'fast-check';
import { cumulativeStdNormalProbability, tTestTwoSample, wilcoxonRankSum } from 'simple-statistics';
import { cohensD, compareToBaseline, decompose, hedgesG, LogLinearHistogram, mannWhitney } from '../src/index.ts';
import { binomialTail, gammaTail, logGamma, normalTail, studentTwoSided } from '../src/probability.ts';
import { chanceOf } from './families.ts';
import { runs, SEED } from './seed.ts';

beforeAll(() => console.log(`seed ${SEED}`));

const sample = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 2, maxLength: 30 });

describe('probabilities', () => {
  it('agree with tables', () => {
    expect(normalTail(1.959963984540054)).toBeCloseTo(0.025, 13);
    expect(normalTail(6) / 9.865876450376981e-10).toBeCloseTo(1, 9);
    expect(normalTail(0)).toBe(0.5);
    expect(studentTwoSided(2.228138851964939, 10)).toBeCloseTo(0.05, 10);
    expect(studentTwoSided(12.706204736432095, 1)).toBeCloseTo(0.05, 10);
    expect(studentTwoSided(0, 5)).toBe(1);
    expect(studentTwoSided(Number.POSITIVE_INFINITY, 5)).toBe(0);
    expect(logGamma(10)).toBeCloseTo(Math.log(362_880), 10);
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 12);
    expect(binomialTail(5, 10, 0.5)).toBeCloseTo(0.623046875, 12);
    expect(binomialTail(0, 10, 0.5)).toBe(1);
    expect(binomialTail(11, 10, 0.5)).toBe(0);
    expect(gammaTail(3, 1)).toBeCloseTo(Math.exp(-3), 12);
    expect(gammaTail(0.5, 2)).toBeCloseTo(1.5 * Math.exp(-0.5), 12);
  });

  it('agree with simple-statistics within its table', () => {
    for (let z = 0; z < 3; z += 0.1) expect(1 - normalTail(z)).toBeCloseTo(cumulativeStdNormalProbability(z), 3);
  });
});

describe('Mann and Whitney', () => {
  it('gives u, z and p of a worked example', () => {
    const result = mannWhitney([1, 2, 3, 4, 5], [3, 4, 5, 6, 7, 8]);
    expect(result.u).toBe(4.5);
    expect(result.cliffsDelta).toBeCloseTo(-0.7, 12);
    // 3 ties of two: variance 5 * 6 / 12 * (12 - 18 / 110).
    expect(result.z).toBeCloseTo(-10 / Math.sqrt((30 / 12) * (12 - 18 / 110)), 12);
  });

  it('has the rank sum of simple-statistics', () => {
    fc.assert(
      fc.property(sample, sample, (a, b) => {
        const { u } = mannWhitney(a, b);
        expect(u + (a.length * (a.length + 1)) / 2).toBeCloseTo(wilcoxonRankSum(a, b), 9);
      }),
      runs(200),
    );
  });

  it('is antisymmetric, bounded, and blind to monotone transformations', () => {
    fc.assert(
      fc.property(sample, sample, (a, b) => {
        const [there, back] = [mannWhitney(a, b), mannWhitney(b, a)];
        expect(there.u + back.u).toBeCloseTo(a.length * b.length, 9);
        expect(there.z).toBeCloseTo(-back.z, 12);
        expect(there.pValue).toBeCloseTo(back.pValue, 12);
        expect(Math.abs(there.cliffsDelta)).toBeLessThanOrEqual(1);
        expect(there.pValue >= 0 && there.pValue <= 1).toBe(true);
        expect(mannWhitney(a.map(Math.exp), b.map(Math.exp))).toEqual(there);
      }),
      runs(200),
    );
  });

  it('knows empty samples, equal values and what is no number', () => {
    expect(mannWhitney([], [1])).toEqual({ u: Number.NaN, z: Number.NaN, pValue: Number.NaN, cliffsDelta: Number.NaN });
    expect(mannWhitney([2, 2], [2, 2])).toEqual({ u: 2, z: 0, pValue: 1, cliffsDelta: 0 });
    expect(mannWhitney([1, Number.NaN], [2])).toEqual(mannWhitney([1], [2]));
  });
});

describe('effect sizes', () => {
  it('agree with the t statistic of simple-statistics', () => {
    fc.assert(
      fc.property(sample, sample, (a, b) => {
        const t = tTestTwoSample(a, b, 0);
        fc.pre(t !== null && Number.isFinite(t));
        const scale = Math.sqrt(1 / a.length + 1 / b.length);
        expect(cohensD(a, b) * 1).toBeCloseTo((t as number) * scale, 6);
        expect(Math.abs(hedgesG(a, b))).toBeLessThanOrEqual(Math.abs(cohensD(a, b)));
      }),
      runs(200),
    );
  });

  it('know samples without deviation', () => {
    expect(cohensD([1], [2, 3])).toBeNaN();
    expect(cohensD([1, 1], [1, 1])).toBe(0);
    expect(cohensD([2, 2], [1, 1])).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('drift from a baseline', () => {
  const { next, normal } = chanceOf(SEED);
  const SHAPES: Readonly<Record<string, () => number>> = {
    'log-normal': () => Math.exp(0.5 * normal()),
    exponential: () => -Math.log(1 - next()),
    Pareto: () => (1 - next()) ** (-1 / 3),
  };
  const histogramOf = (count: number, draw: () => number): LogLinearHistogram => {
    const histogram = new LogLinearHistogram();
    for (let i = 0; i < count; i++) histogram.record(draw());
    return histogram;
  };
  const IS_LONG = process.env.SONDE_TEST_LONG === '1';
  const TRIALS = IS_LONG ? 2000 : 120;

  // long: 2,000 trials of each shape
  it.each(Object.keys(SHAPES))('sees 2 %% of calls 10x slower in 500, rarely what is not there: %s', (shape) => {
    const draw = SHAPES[shape]!;
    const count = { falseTail: 0, falseShift: 0, tail: 0, shift: 0 };
    for (let trial = 0; trial < TRIALS; trial++) {
      const baseline = histogramOf(5000, draw);
      const same = compareToBaseline(baseline, histogramOf(500, draw));
      const slow = compareToBaseline(
        baseline,
        histogramOf(500, () => (next() < 0.02 ? 10 : 1) * draw()),
      );
      const slower = compareToBaseline(
        baseline,
        histogramOf(500, () => 1.3 * draw()),
      );
      count.falseTail += Number(same.isTailHeavier);
      count.falseShift += Number(same.isShifted);
      count.tail += Number(slow.isTailHeavier);
      count.shift += Number(slower.isShifted);
    }
    expect(count.tail / TRIALS).toBeGreaterThan(0.65);
    expect(count.shift / TRIALS).toBeGreaterThan(0.8);
    // 1 % is expected; of many trials four standard errors and a half are allowed, of few as much as comes up once in 10^7 runs.
    const most = IS_LONG ? 0.012 + 4.5 * Math.sqrt(0.01 / TRIALS) : 0.1;
    expect(count.falseTail / TRIALS).toBeLessThan(most);
    expect(count.falseShift / TRIALS).toBeLessThan(most);
  });

  it('measures the shift in octaves: 0.26 is 20 % slower', () => {
    const values = Array.from({ length: 2000 }, () => Math.exp(normal()));
    const baseline = new LogLinearHistogram({ bucketsPerOctave: 64 });
    const slower = new LogLinearHistogram({ bucketsPerOctave: 64 });
    for (const value of values) {
      baseline.record(value);
      slower.record(1.2 * value);
    }
    const { distance, shift, isShifted } = compareToBaseline(baseline, slower);
    expect(distance).toBeCloseTo(Math.log2(1.2), 2);
    expect(shift).toBeCloseTo(Math.log2(1.2), 2);
    expect(isShifted).toBe(true);
    expect(compareToBaseline(baseline, baseline)).toMatchObject({
      distance: 0,
      isShifted: false,
      isTailHeavier: false,
    });
  });

  it('knows empty, constant and zero histograms, and refuses what cannot be compared', () => {
    const empty = new LogLinearHistogram();
    const one = histogramOf(100, () => 1);
    expect(compareToBaseline(empty, one)).toMatchObject({
      distance: Number.NaN,
      isShifted: false,
      isTailHeavier: false,
    });
    expect(compareToBaseline(one, empty)).toMatchObject({ isShifted: false, isTailHeavier: false });
    expect(
      compareToBaseline(
        one,
        histogramOf(100, () => 8),
      ),
    ).toMatchObject({ isShifted: true, isTailHeavier: true });
    expect(
      compareToBaseline(
        histogramOf(9, () => 0),
        one,
      ).isShifted,
    ).toBe(true);
    expect(() => compareToBaseline(one, new LogLinearHistogram({ bucketsPerOctave: 8 }))).toThrow(
      "compareToBaseline: bucketsPerOctave must be the baseline's 32, got 8",
    );
    expect(() => compareToBaseline(one, one, { falseAlarms: 0 })).toThrow('falseAlarms');
  });
});

describe('seasonal decomposition', () => {
  const { normal } = chanceOf(3);
  const wave = (i: number): number => 5 * Math.sin((2 * Math.PI * i) / 24);

  it('adds up, and finds trend and season through spikes', () => {
    const series = Array.from(
      { length: 240 },
      (_, i) => 100 + 0.1 * i + wave(i) + 0.2 * normal() + (i % 50 === 7 ? 80 : 0),
    );
    const { trend, seasonal, remainder } = decompose(series, 24);
    for (const [i, value] of series.entries()) {
      expect(trend[i]! + seasonal[i]! + remainder[i]!).toBeCloseTo(value, 9);
      if (i > 24 && i < 216) expect(Math.abs(seasonal[i]! - wave(i))).toBeLessThan(1.2);
      if (i % 50 === 7) expect(remainder[i]!).toBeGreaterThan(70);
    }
  });

  it('passes over gaps', () => {
    const series = Array.from({ length: 96 }, (_, i) => (i % 11 === 0 ? Number.NaN : wave(i)));
    const { seasonal, remainder } = decompose(series, 24);
    expect(seasonal.some(Number.isNaN)).toBe(false);
    expect(remainder[11]).toBeNaN();
    expect(Math.abs(remainder[12]!)).toBeLessThan(2);
  });

  it.each([1, 2.5, 6])('refuses a period of %d for ten values', (period) => {
    expect(() => decompose(new Array(10).fill(1), period)).toThrow(
      'decompose: period must be a whole number from 2 to 5',
    );
  });
});
