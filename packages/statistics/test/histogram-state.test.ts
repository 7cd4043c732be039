import { LogLinearHistogram, type LogLinearHistogramState } from '../src/index.ts';

function stateOf(...values: number[]): LogLinearHistogramState {
  const histogram = new LogLinearHistogram();
  for (const value of values) histogram.record(value);
  return histogram.toState();
}

it('is plain JSON without empty buckets around', () => {
  expect(stateOf(1, 1, 0, -2)).toEqual({
    version: 1,
    bucketsPerOctave: 32,
    minExponent: -30,
    maxExponent: 40,
    min: -2,
    max: 1,
    sum: 0,
    zeroCount: 1,
    invalidCount: 0,
    positive: { offset: 0, counts: [2] },
    negative: { offset: 32, counts: [1] },
  });
});

it('of an empty histogram has no range', () => {
  const state = stateOf();
  expect(state).not.toHaveProperty('min');
  expect(LogLinearHistogram.fromState(state).count).toBe(0);
});

it.each([
  [null, 'must be an object'],
  ['x', 'must be an object'],
  [{ ...stateOf(1), version: 2 }, 'version must be 1, got 2'],
  [{ ...stateOf(1), bucketsPerOctave: 3 }, 'bucketsPerOctave must be'],
  [{ ...stateOf(1), sum: null }, 'sum must be a number'],
  [{ ...stateOf(1), sum: Number.NaN }, 'sum must be a number'],
  [{ ...stateOf(1), zeroCount: -1 }, 'zeroCount must be a number >= 0, got -1'],
  [{ ...stateOf(1), invalidCount: 'many' }, 'invalidCount must be a number >= 0, got many'],
  [{ ...stateOf(1), min: undefined }, 'min must be a number'],
  [{ ...stateOf(1), max: -5 }, 'max must be a number >= 1, got -5'],
  [{ ...stateOf(1), positive: undefined }, 'positive must be {offset, counts}'],
  [{ ...stateOf(1), negative: { offset: 0, counts: 'x' } }, 'negative must be {offset, counts}'],
  [{ ...stateOf(1), positive: { offset: 0, counts: [1, -1] } }, 'positive.counts[1] must be a number >= 0, got -1'],
  [{ ...stateOf(1), positive: { offset: 0.5, counts: [1] } }, 'positive must lie within bucket -960..1280'],
  [
    { ...stateOf(1), positive: { offset: 1280, counts: [1, 1] } },
    'positive must lie within bucket -960..1280, got 1280..1281',
  ],
  [
    { ...stateOf(1), positive: { offset: -961, counts: [1] } },
    'positive must lie within bucket -960..1280, got -961..-961',
  ],
])('that is broken is refused: %#', (state, words) => {
  expect(() => LogLinearHistogram.fromState(state as never)).toThrow(words);
});

it('keeps the overflow bucket', () => {
  const copy = LogLinearHistogram.fromState(stateOf(2 ** 41, -(2 ** 45)));
  expect(copy.quantile(0.9)).toBe(2 ** 41);
  expect(copy.quantile(0.1)).toBe(-(2 ** 45));
});
