import fc from 'fast-check';
import { type BucketsPerOctave, LogLinearHistogram } from '../src/index.ts';
import { DATASETS, exactQuantile, SIZES } from './datasets.ts';
import { runs, SEED } from './seed.ts';

const QUANTILES = [0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1];
const anyDouble = fc.double({ noNaN: false });
const inRange = fc.oneof(
  fc.double({ min: 2 ** -30, max: 2 ** 39, noNaN: true }),
  fc.double({ min: -(2 ** 39), max: -(2 ** -30), noNaN: true }),
  fc.constant(0),
);

function histogramOf(values: Iterable<number>, resolution: BucketsPerOctave = 32): LogLinearHistogram {
  const histogram = new LogLinearHistogram({ bucketsPerOctave: resolution });
  for (const value of values) histogram.record(value);
  return histogram;
}

function expectSame(actual: LogLinearHistogram, expected: LogLinearHistogram): void {
  const { sum: actualSum, ...rest } = actual.toState();
  const { sum: expectedSum, ...expectedRest } = expected.toState();
  expect(rest).toEqual(expectedRest);
  // Sums of the same numbers in another order differ by rounding.
  expect(Math.abs(actualSum - expectedSum)).toBeLessThanOrEqual(1e-9 * scaleOf(expected));
}

function scaleOf(histogram: LogLinearHistogram): number {
  return histogram.count === 0 ? 1 : histogram.count * Math.max(Math.abs(histogram.min), Math.abs(histogram.max), 1);
}

beforeAll(() => console.log(`seed ${SEED}`));

// long: fifty times as many random cases
describe.each(Object.keys(DATASETS))('on %s data', (name) => {
  it.each([8, 16, 32, 64] as const)(
    'is within the stated bound of the exact quantile at %i buckets an octave',
    (resolution) => {
      for (const size of SIZES) {
        const values = DATASETS[name]!(size, SEED + size);
        const histogram = histogramOf(values, resolution);
        const sorted = values.toSorted((a, b) => a - b);
        for (const q of QUANTILES) {
          const exact = exactQuantile(sorted, q);
          const error = Math.abs(histogram.quantile(q) - exact);
          expect(error).toBeLessThanOrEqual(histogram.relativeError * Math.abs(exact) * (1 + 1e-12) + 2 ** -30);
        }
      }
    },
  );

  it('counts and sums exactly, and knows the range', () => {
    const values = DATASETS[name]!(1000, SEED);
    const histogram = histogramOf(values);
    expect(histogram.count).toBe(1000);
    expect(histogram.min).toBe(Math.min(...values));
    expect(histogram.max).toBe(Math.max(...values));
    expect(histogram.sum).toBe(values.reduce((sum, value) => sum + value, 0));
    expect(histogram.mean).toBe(histogram.sum / 1000);
  });
});

describe('the laws', () => {
  it('merging two histograms equals recording everything in one, whatever was recorded', () => {
    fc.assert(
      fc.property(fc.array(anyDouble), fc.array(anyDouble), (a, b) => {
        const merged = histogramOf(a);
        merged.merge(histogramOf(b));
        const { sum: _, ...state } = merged.toState();
        const { sum: __, ...expected } = histogramOf([...a, ...b]).toState();
        expect(state).toEqual(expected);
      }),
      { ...runs(300), examples: [[[0], [-0]]] },
    );
  });

  it('merging keeps the sum, up to rounding, and leaves the other one as it was', () => {
    fc.assert(
      fc.property(fc.array(inRange), fc.array(inRange), (a, b) => {
        const other = histogramOf(b);
        const before = other.toState();
        const merged = histogramOf(a);
        merged.merge(other);
        expectSame(merged, histogramOf([...a, ...b]));
        expect(other.toState()).toEqual(before);
      }),
      runs(200),
    );
  });

  it('quantiles never fall as q rises, and stay within the range', () => {
    fc.assert(
      fc.property(
        fc.array(anyDouble, { minLength: 1 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true })),
        (values, qs) => {
          const histogram = histogramOf(values);
          fc.pre(histogram.count > 0);
          const results = qs.toSorted((a, b) => a - b).map((q) => histogram.quantile(q));
          for (const [i, result] of results.entries()) {
            expect(result).toBeGreaterThanOrEqual(i === 0 ? histogram.min : (results[i - 1] as number));
            expect(result).toBeLessThanOrEqual(histogram.max);
          }
        },
      ),
      runs(300),
    );
  });

  it('recording a value n times equals recording it with weight n', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(inRange, fc.integer({ min: 1, max: 20 }))), (weighted) => {
        const repeated = histogramOf(weighted.flatMap(([value, n]) => new Array<number>(n).fill(value)));
        const once = new LogLinearHistogram();
        for (const [value, n] of weighted) once.record(value, n);
        expectSame(once, repeated);
      }),
      runs(200),
    );
  });

  it('a state survives JSON and gives an equal histogram that goes on counting', () => {
    fc.assert(
      fc.property(fc.array(anyDouble), fc.array(anyDouble), (before, after) => {
        const original = histogramOf(before);
        const copy = LogLinearHistogram.fromState(JSON.parse(JSON.stringify(original.toState())));
        for (const value of after) {
          original.record(value);
          copy.record(value);
        }
        // JSON has no -0.
        expect(JSON.stringify(copy.toState())).toBe(JSON.stringify(original.toState()));
        expect(copy.quantile(0.7) + 0).toBe(original.quantile(0.7) + 0);
      }),
      runs(200),
    );
  });
});

describe('what is no ordinary value', () => {
  it('counts NaN and infinities apart and lets them change nothing else', () => {
    const histogram = histogramOf([1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    expect(histogram).toMatchObject({ count: 1, sum: 1, min: 1, max: 1, invalidCount: 3 });
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('counts a weight of %d as invalid', (weight) => {
    const histogram = new LogLinearHistogram();
    histogram.record(1, weight);
    expect(histogram).toMatchObject({ count: 0, invalidCount: 1 });
  });

  it('takes zeros, negative zeros, subnormals and all below 2^minExponent for zero', () => {
    const histogram = histogramOf([0, -0, Number.MIN_VALUE, -Number.MIN_VALUE, 2 ** -30 * (1 - 2 ** -53)]);
    expect(histogram).toMatchObject({ count: 5, zeroCount: 5 });
    expect(histogram.quantile(0.5)).toBeCloseTo(0, 20);
    expect(histogram.buckets()).toEqual([]);
  });

  it('has the first bucket begin at 2^minExponent', () => {
    expect(histogramOf([2 ** -30]).buckets()).toMatchObject([{ lower: 2 ** -30, count: 1 }]);
  });

  it('reports the largest and the smallest value for what lies beyond 2^maxExponent', () => {
    const histogram = histogramOf([1, 2 ** 40, 1e300, -1e300]);
    expect(histogram.quantile(0.99)).toBe(1e300);
    expect(histogram.quantile(0.01)).toBe(-1e300);
    expect(histogram.quantile(0.75)).toBe(1e300);
    expect(histogram.buckets().at(-1)).toEqual({
      lower: 2 ** 40,
      upper: Number.POSITIVE_INFINITY,
      middle: 1e300,
      count: 2,
    });
  });

  it('does not let a sum of huge values become infinite or NaN', () => {
    const histogram = histogramOf([Number.MAX_VALUE, Number.MAX_VALUE]);
    expect(histogram.sum).toBe(Number.MAX_VALUE);
    histogram.record(-Number.MAX_VALUE, 10);
    expect(histogram.sum).toBe(-Number.MAX_VALUE);
  });

  it('is NaN all over when empty', () => {
    const { min, max, mean, count, sum } = new LogLinearHistogram();
    expect([min, max, mean, new LogLinearHistogram().quantile(0.5)]).toEqual(new Array(4).fill(Number.NaN));
    expect([count, sum]).toEqual([0, 0]);
  });

  it('clamps q and answers NaN with NaN', () => {
    const histogram = histogramOf([3, 5]);
    expect([-1, 2, Number.NaN].map((q) => histogram.quantile(q))).toEqual([3, 5, Number.NaN]);
  });

  it('mirrors negative values', () => {
    const histogram = histogramOf([-8, -4, 0, 4]);
    expect(histogram.buckets('negative').map(({ lower, count }) => [lower, count])).toEqual([
      [4, 1],
      [8, 1],
    ]);
    expect(histogram.quantile(0.25)).toBe(-8);
    expect(histogram.quantile(0.75)).toBe(0);
  });
});

describe('halve', () => {
  it('halves the weight and keeps mean and quantiles', () => {
    const histogram = histogramOf(DATASETS.logNormal!(10_000, SEED));
    const { count, mean } = histogram;
    const median = histogram.quantile(0.5);
    histogram.halve();
    expect(histogram.count).toBeCloseTo(count / 2, 6);
    expect(histogram.mean).toBeCloseTo(mean, 12);
    expect(histogram.quantile(0.5)).toBe(median);
  });

  it('forgets single values after a while, and the range with them', () => {
    const histogram = histogramOf([-1000, 1e6, ...new Array<number>(4096).fill(5)]);
    for (let i = 0; i < 7; i++) histogram.halve();
    expect(histogram.count).toBe(32);
    expect(histogram.min).toBe(5);
    expect(histogram.max).toBeCloseTo(5 * (1 + 1 / 32), 0);
    expect(histogram.max).toBeLessThan(5.2);
  });

  it('forgets zeros as well, and ends empty', () => {
    const histogram = histogramOf([0, 0, -3, 7]);
    for (let i = 0; i < 9; i++) histogram.halve();
    expect(histogram).toMatchObject({ count: 0, sum: 0, zeroCount: 0 });
    expect(histogram.quantile(0.5)).toBeNaN();
    histogram.record(2);
    expect(histogram).toMatchObject({ count: 1, min: 2, max: 2 });
  });

  it('keeps a range of negative values and zeros when the rest is gone', () => {
    const histogram = new LogLinearHistogram();
    histogram.record(-4, 1000);
    histogram.record(0, 500);
    histogram.record(900);
    for (let i = 0; i < 7; i++) histogram.halve();
    expect(histogram.max).toBe(0);
    expect(histogram.min).toBe(-4);
  });
});

it('reset forgets everything and the histogram can be used again', () => {
  const histogram = histogramOf([1, -2, 0, Number.NaN]);
  histogram.reset();
  expect(histogram).toMatchObject({ count: 0, sum: 0, zeroCount: 0, invalidCount: 0 });
  histogram.record(9);
  expect(histogram).toMatchObject({ count: 1, min: 9, max: 9 });
});

describe('recordBuckets', () => {
  it('equals recording the values that were counted', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 2 ** -30, max: 2 ** 39, noNaN: true }), { minLength: 1 }), (values) => {
        const direct = histogramOf(values);
        const { positive, sum, min, max } = direct.toState();
        const indirect = new LogLinearHistogram();
        indirect.recordBuckets(positive, { sum, min: min as number, max: max as number });
        expect(indirect.toState()).toEqual(direct.toState());
      }),
      runs(100),
    );
  });

  it('does nothing without counts', () => {
    const histogram = histogramOf([1]);
    histogram.recordBuckets({ offset: 0, counts: new Uint32Array(10) }, { sum: 0, min: Infinity, max: -Infinity });
    expect(histogram).toMatchObject({ count: 1, min: 1, max: 1 });
  });
});

describe('options', () => {
  it.each([
    [{ bucketsPerOctave: 7 }, 'LogLinearHistogram: bucketsPerOctave must be 8, 16, 32 or 64, got 7'],
    [{ minExponent: -1023 }, 'LogLinearHistogram: minExponent must be an integer from -1022 to 1022, got -1023'],
    [{ minExponent: 1.5 }, 'LogLinearHistogram: minExponent must be an integer from -1022 to 1022, got 1.5'],
    [{ minExponent: 1023 }, 'LogLinearHistogram: minExponent must be an integer from -1022 to 1022, got 1023'],
    [
      { minExponent: 3, maxExponent: 3 },
      'LogLinearHistogram: maxExponent must be an integer above minExponent (3) and at most 1023, got 3',
    ],
    [
      { maxExponent: 1024 },
      'LogLinearHistogram: maxExponent must be an integer above minExponent (-30) and at most 1023, got 1024',
    ],
  ])('says what is wrong with %o', (config, sentence) => {
    expect(() => new LogLinearHistogram(config as never)).toThrow(new RangeError(sentence));
  });

  it('accepts the widest range', () => {
    const histogram = new LogLinearHistogram({ minExponent: -1022, maxExponent: 1023, bucketsPerOctave: 64 });
    for (const value of [2 ** -1022, Number.MAX_VALUE]) histogram.record(value);
    expect(histogram.quantile(0.5) / 2 ** -1022).toBeCloseTo(1, 1);
    expect(histogram.quantile(0.51)).toBe(Number.MAX_VALUE);
    histogram.record(2 ** 1022.99, 98);
    expect(histogram.quantile(0.51) / 2 ** 1022.99).toBeCloseTo(1, 1);
  });

  it('refuses to merge what is configured otherwise', () => {
    expect(() => histogramOf([1], 16).merge(histogramOf([1], 32))).toThrow(
      new RangeError('LogLinearHistogram: bucketsPerOctave of a merged histogram must be 16, got 32'),
    );
  });
});
