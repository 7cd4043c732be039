import fc from 'fast-check';
import { DelayWindow } from '../src/delay-window.ts';
import { SlidingRate } from '../src/sliding-rate.ts';
import { runs } from './seed.ts';

/** Half a bucket of the histogram, and the 1 us below which a delay counts as none. */
const close = (value: number, exact: number): boolean => Math.abs(value - exact) <= exact * 0.016 + 2e-6;

test('what falls due while the loop waits has no delay', () => {
  const window = new DelayWindow(60_000, 0);
  for (let ms = 100; ms <= 5_000; ms += 100) window.turn(ms, 0);
  expect(window.summary(5_000, 0)).toEqual({ min: 0, max: 0, mean: 0, stddev: 0, p50: 0, p90: 0, p99: 0 });
});

test('a stall delays each moment in it by what was left of it', () => {
  const window = new DelayWindow(60_000, 0);
  window.turn(500, 500);
  const { min, max, mean, p50 } = window.summary(500, 0);
  // Due at 10, 20, ... 500 ms; all served at 500.
  expect(max).toBeCloseTo(0.49, 9);
  expect(min).toBe(0);
  expect(mean).toBeCloseTo(0.245, 9);
  expect(close(p50, 0.24)).toBe(true);
});

test('before the first moment has fallen due there is nothing to tell', () => {
  expect(new DelayWindow(60_000, 0).summary(5, 5).mean).toBeNaN();
});

test('the work of a turn that lasts is not counted yet, the waiting before it is', () => {
  const window = new DelayWindow(60_000, 0);
  const { max, mean } = window.summary(1_000, 300);
  expect([max, mean]).toEqual([0, 0]);
  window.turn(1_200, 500);
  expect(window.summary(1_200, 0).max).toBeCloseTo(0.49, 9);
});

test('delays leave the window after its length, and reading twice changes nothing', () => {
  const window = new DelayWindow(60_000, 0);
  window.turn(1_000, 1_000);
  for (let ms = 2_000; ms <= 50_000; ms += 1_000) window.turn(ms, 0);
  expect(window.summary(50_000, 0).max).toBeCloseTo(0.99, 9);
  expect(window.summary(50_000, 0)).toEqual(window.summary(50_000, 0));
  for (let ms = 51_000; ms <= 71_000; ms += 1_000) window.turn(ms, 0);
  expect(window.summary(71_000, 0).max).toBe(0);
});

test('after a sleep of a week the window holds only the last of it', () => {
  const window = new DelayWindow(60_000, 0);
  window.turn(1_000, 1_000);
  const week = 7 * 24 * 3_600_000;
  window.turn(week, 0);
  expect(window.summary(week, 0)).toEqual({ min: 0, max: 0, mean: 0, stddev: 0, p50: 0, p90: 0, p99: 0 });
  window.turn(week + 100, 100);
  expect(window.summary(week + 100, 0).max).toBeGreaterThan(0.08);
});

test('a stall of an hour is counted whole, in a bounded number of steps', () => {
  const window = new DelayWindow(3_600_000, 0);
  window.turn(3_600_000, 3_600_000);
  const { max, mean } = window.summary(3_600_000, 0);
  expect(max).toBeCloseTo(3_599.99, 6);
  expect(mean).toBeGreaterThan(1_795);
  expect(mean).toBeLessThan(1_815);
});

test('any turns within a window agree with a timer that is asked for every 10 ms', () => {
  const turn = fc.record({ idle: fc.nat({ max: 120 }), busy: fc.nat({ max: 120 }) });
  fc.assert(
    fc.property(fc.array(turn, { minLength: 1, maxLength: 60 }), (turns) => {
      const window = new DelayWindow(3_600_000, 0);
      const delays: number[] = [];
      let now = 0;
      let due = 10;
      for (const { idle, busy } of turns) {
        now += idle + busy;
        for (; due <= now; due += 10) delays.push(due <= now - busy ? 0 : (now - due) / 1000);
        window.turn(now, busy);
      }
      const summary = window.summary(now, 0);
      if (delays.length === 0) {
        expect(summary.mean).toBeNaN();
        return;
      }
      const sorted = delays.sort((a, b) => a - b);
      const mean = delays.reduce((sum, delay) => sum + delay, 0) / delays.length;
      const variance = delays.reduce((sum, delay) => sum + (delay - mean) ** 2, 0) / delays.length;
      expect(summary.min).toBeCloseTo(sorted[0] as number, 9);
      expect(summary.max).toBeCloseTo(sorted.at(-1) as number, 9);
      expect(summary.mean).toBeCloseTo(mean, 9);
      expect(summary.stddev).toBeCloseTo(Math.sqrt(variance), 6);
      for (const [q, value] of [
        [0.5, summary.p50],
        [0.9, summary.p90],
        [0.99, summary.p99],
      ] as const) {
        expect(close(value, sorted[Math.ceil(q * sorted.length - 1e-9) - 1] as number)).toBe(true);
      }
    }),
    runs(300),
  );
});

test('a sliding rate is that of the last window, for readers that come as they like', () => {
  const rate = new SlidingRate(60_000);
  expect(rate.to(1_000, 10, 100)).toBeCloseTo(0.1);
  // A second reader, at once: nothing was reset for it.
  expect(rate.to(1_001, 10, 100)).toBeCloseTo(0.1);
  for (let ms = 2_000; ms <= 200_000; ms += 1_000) rate.to(ms, 10 + ms, 100 + 2 * ms);
  expect(rate.to(200_000, 200_010, 400_100)).toBeCloseTo(0.5);
});

test('a sliding rate looks back one window at least, and one and a twelfth of it at most', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 50, maxLength: 100 }), (gaps) => {
      const rate = new SlidingRate(60_000);
      let now = 0;
      for (const gap of gaps) {
        now += gap;
        // part = whole^2 / 2 has the slope `whole`, so that the rate tells the middle of the interval looked back on.
        const middle = rate.to(now, now ** 2 / 2, now) ?? Number.NaN;
        const backMs = (now - middle) * 2;
        if (now > 80_000) {
          expect(backMs).toBeGreaterThanOrEqual(60_000 - 1e-6);
          expect(backMs).toBeLessThanOrEqual(60_000 + 2 * 5_000 + 5_000);
        } else expect(backMs).toBeGreaterThan(0);
      }
    }),
    runs(50),
  );
});

test('totals that have not grown since there is anything have no rate', () => {
  expect(new SlidingRate(60_000).to(1_000, 0, 0)).toBeUndefined();
});
