import fc from 'fast-check';
import { createSlowOperations } from '../src/slow-operations.ts';
import { runs } from './seed.ts';

test('with a threshold alone, what reaches it is slow, from the first call on', () => {
  const slow = createSlowOperations({ thresholdMs: 50 });
  expect([49.9, 50, 51, Number.POSITIVE_INFINITY].map((ms) => slow.isSlow(0, ms))).toEqual([false, true, true, true]);
  expect(slow.limitMs(3)).toBe(50);
});

test('the default threshold is 100 ms; Infinity switches it off; 0 makes all slow', () => {
  expect(createSlowOperations().limitMs(0)).toBe(100);
  expect(createSlowOperations({ thresholdMs: Number.POSITIVE_INFINITY }).isSlow(0, 1e9)).toBe(false);
  expect(createSlowOperations({ thresholdMs: 0 }).isSlow(0, 0)).toBe(true);
});

test.each([undefined, 0.9])('NaN and negative durations are never slow (quantile %p)', (quantile) => {
  const slow = createSlowOperations({ thresholdMs: 1, quantile, minCount: 1, floorMs: 0 });
  for (let index = 0; index < 500; index++) slow.isSlow(0, 0.5);
  expect(slow.isSlow(0, Number.NaN)).toBe(false);
  expect(slow.isSlow(0, -1)).toBe(false);
});

test('with a quantile, slow is what lies above that quantile of the operation’s own past', () => {
  const slow = createSlowOperations({ quantile: 0.99, minCount: 200, floorMs: 5, thresholdMs: 1000 });
  const quick: boolean[] = [];
  for (let index = 0; index < 2000; index++) {
    quick.push(slow.isSlow(0, 10));
    slow.isSlow(1, 40);
  }
  expect(quick.slice(0, 199)).not.toContain(true);
  expect(slow.limitMs(0)).toBeGreaterThan(9.5);
  expect(slow.limitMs(0)).toBeLessThan(10.5);
  expect(slow.isSlow(0, 12)).toBe(true);
  expect(slow.isSlow(1, 12)).toBe(false);
  expect(slow.isSlow(1, 50)).toBe(true);
});

test('before the minimum count only the threshold speaks', () => {
  const slow = createSlowOperations({ quantile: 0.5, minCount: 100, floorMs: 0, thresholdMs: 500 });
  const judged = Array.from({ length: 99 }, (_, index) => slow.isSlow(0, index === 98 ? 400 : 1));
  expect(judged).not.toContain(true);
  expect(slow.isSlow(0, 500)).toBe(true);
});

test('below the floor nothing is slow by the quantile', () => {
  const slow = createSlowOperations({ quantile: 0.5, minCount: 10, floorMs: 5, thresholdMs: 500 });
  for (let index = 0; index < 1000; index++) slow.isSlow(0, 0.01);
  expect(slow.limitMs(0)).toBe(5);
  expect(slow.isSlow(0, 4.9)).toBe(false);
  expect(slow.isSlow(0, 5)).toBe(true);
});

test('a duration is judged by the past without it', () => {
  const slow = createSlowOperations({ quantile: 0.9, minCount: 64, floorMs: 0, thresholdMs: 1e6 });
  for (let index = 0; index < 64; index++) slow.isSlow(0, 10);
  expect(slow.isSlow(0, 5000)).toBe(true);
});

test('the past fades: an operation that has become slower for good is judged anew', () => {
  const slow = createSlowOperations({ quantile: 0.99, minCount: 200, floorMs: 1, thresholdMs: 1e6 });
  for (let index = 0; index < 20_000; index++) slow.isSlow(0, 2);
  expect(slow.isSlow(0, 20)).toBe(true);
  for (let index = 0; index < 100_000; index++) slow.isSlow(0, 20);
  expect(slow.limitMs(0)).toBeGreaterThan(19);
});

test('the limit never passes the threshold nor, once the quantile speaks, falls below the floor', () => {
  const durations = fc.array(fc.double({ min: 0, max: 1e4, noNaN: true }), { minLength: 1, maxLength: 400 });
  fc.assert(
    fc.property(durations, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (values, quantile) => {
      const slow = createSlowOperations({ quantile, minCount: 10, floorMs: 3, thresholdMs: 300 });
      for (const value of values) {
        const limit = slow.limitMs(7);
        expect(limit).toBeGreaterThanOrEqual(3);
        expect(limit).toBeLessThanOrEqual(300);
        expect(slow.isSlow(7, value)).toBe(value >= limit);
      }
    }),
    runs(100),
  );
});

test.each([
  [{ thresholdMs: -1 }, RangeError, 'SlowOperations: thresholdMs must be a number of milliseconds >= 0, got -1'],
  [{ thresholdMs: '5' }, TypeError, "SlowOperations: thresholdMs must be a number of milliseconds >= 0, got '5'"],
  [
    { thresholdMs: Number.NaN },
    RangeError,
    'SlowOperations: thresholdMs must be a number of milliseconds >= 0, got NaN',
  ],
  [{ quantile: 1 }, RangeError, 'SlowOperations: quantile must be between 0 and 1 (exclusive), got 1'],
  [{ quantile: 0 }, RangeError, 'SlowOperations: quantile must be between 0 and 1 (exclusive), got 0'],
  [{ minCount: 0 }, RangeError, 'SlowOperations: minCount must be an integer >= 1, got 0'],
  [{ floorMs: -0.1 }, RangeError, 'SlowOperations: floorMs must be a number of milliseconds >= 0, got -0.1'],
])('%j is refused', (config, type, message) => {
  expect(() => createSlowOperations(config as object)).toThrow(new type(message));
});

test('the last good value of each option is taken', () => {
  expect(() => createSlowOperations({ thresholdMs: 0, quantile: 0.999, minCount: 1, floorMs: 0 })).not.toThrow();
});
