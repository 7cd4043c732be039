import fc from 'fast-check';
import { createRateLimit } from '../src/rate-limit.ts';
import { runs } from './seed.ts';

test('a burst passes at once, then the rate', () => {
  const limit = createRateLimit({ perSecond: 10, burst: 3 });
  expect([0, 0, 0, 0].map((ms) => limit.take(ms))).toEqual([true, true, true, false]);
  expect(limit.take(99)).toBe(false);
  expect(limit.take(100)).toBe(true);
  expect(limit.take(100)).toBe(false);
  expect(limit.refused).toBe(3);
});

test('no window lets through more than the burst and its share of the rate', () => {
  const gaps = fc.array(fc.double({ min: 0, max: 400, noNaN: true }), { maxLength: 200 });
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }), (steps, perSecond, burst) => {
      const limit = createRateLimit({ perSecond, burst });
      let nowMs = 0;
      let passed = 0;
      for (const step of steps) {
        nowMs += step;
        if (limit.take(nowMs)) passed += 1;
        expect(passed).toBeLessThanOrEqual(burst + (nowMs * perSecond) / 1000 + 1e-6);
      }
      expect(passed + limit.refused).toBe(steps.length);
    }),
    runs(200),
  );
});

test('a clock that goes back neither gives nor takes', () => {
  const limit = createRateLimit({ perSecond: 1, burst: 1 });
  expect(limit.take(1000)).toBe(true);
  expect(limit.take(0)).toBe(false);
  expect(limit.take(1999)).toBe(false);
  expect(limit.take(2000)).toBe(true);
});

test.each([
  [{ perSecond: 0, burst: 1 }, 'RateLimit: perSecond must be > 0, got 0'],
  [{ perSecond: Number.NaN, burst: 1 }, 'RateLimit: perSecond must be > 0, got NaN'],
  [{ perSecond: 1, burst: 0.5 }, 'RateLimit: burst must be >= 1, got 0.5'],
])('%j is refused', (config, message) => {
  expect(() => createRateLimit(config)).toThrow(new RangeError(message));
});
