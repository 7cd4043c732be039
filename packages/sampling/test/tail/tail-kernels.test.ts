import fc from 'fast-check';
import { KeyStatistics } from '../../src/tail/key-statistics.ts';
import { LatencyHistogram } from '../../src/tail/latency-histogram.ts';
import { SpanShape } from '../../src/tail/span-shape.ts';
import { SteadyClock } from '../../src/tail/steady-clock.ts';
import { runs } from '../seed.ts';

const durations = fc.array(fc.double({ min: 0, max: 50_000, noNaN: true }), { minLength: 1, maxLength: 300 });

describe('latency histogram', () => {
  test('a quantile is at most 15 % above the true one, and never below it or the floor', () => {
    fc.assert(
      fc.property(durations, fc.constantFrom(0.5, 0.9, 0.99, 1), (values, quantile) => {
        const histogram = new LatencyHistogram(10);
        for (const value of values) histogram.add(value);
        const sorted = values.toSorted((a, b) => a - b);
        const truth = sorted[Math.max(0, Math.ceil(quantile * values.length) - 1)] as number;
        const told = histogram.atMost(quantile);
        expect(told).toBeGreaterThanOrEqual(Math.max(10, truth) * (1 - 1e-9));
        expect(told).toBeLessThanOrEqual(Math.max(10, truth) * 1.15 * (1 + 1e-9));
      }),
      runs(200),
    );
  });

  test('age halves, nonsense counts into the first bin, what is beyond all bins has no upper edge', () => {
    const histogram = new LatencyHistogram(10);
    for (const value of [Number.NaN, -1, 0, 10]) histogram.add(value);
    expect([histogram.count, histogram.atMost(1)]).toEqual([4, 10]);
    histogram.age();
    expect(histogram.count).toBe(2);
    histogram.add(Number.POSITIVE_INFINITY);
    expect(histogram.atMost(1)).toBe(Number.POSITIVE_INFINITY);
    expect(new LatencyHistogram(10).atMost(0.99)).toBe(10);
  });
});

test('a shape knows neither order nor number', () => {
  const shapeOf = (names: readonly string[]): number => {
    const shape = new SpanShape();
    for (const name of names) shape.add(name);
    return shape.hash;
  };
  fc.assert(
    fc.property(fc.array(fc.string(), { maxLength: 20 }), (names) => {
      expect(shapeOf([...names, ...names].reverse())).toBe(shapeOf(names));
    }),
    runs(100),
  );
  expect(shapeOf(['a'])).not.toBe(shapeOf(['b']));
  expect(shapeOf(['a', 'b'])).not.toBe(shapeOf(['a']));
});

test('keys that come once are not remembered once half of the room is taken; those in use stay', () => {
  const statistics = new KeyStatistics({ slowFloorMs: 10, minCount: 10, maxKeys: 64 }, 0);
  const known = statistics.find(-1, -1);
  for (let key = 0; key < 10_000; key += 1) {
    statistics.find(key, key);
    if (key % 16 === 0) expect(statistics.find(-1, -1)).toBe(known);
    expect(statistics.size).toBeLessThanOrEqual(2 * 64);
  }
  expect(statistics.find(-1, -2)).toBeUndefined();
});

test('what was slow is usual once there is enough of it', () => {
  const statistics = new KeyStatistics({ slowFloorMs: 10, minCount: 100, maxKeys: 64 }, 0);
  const history = statistics.find(1, 1);
  if (history === undefined) throw new Error('a first key is remembered');
  const share = (durationMs: number): number => {
    let slow = 0;
    for (let i = 0; i < 500; i += 1) slow += statistics.isSlow(history, durationMs) ? 1 : 0;
    return slow / 500;
  };
  expect(share(50)).toBe(0);
  statistics.tick(1000);
  expect([share(50), share(500)]).toEqual([0, 1]);
  statistics.tick(2000);
  expect(share(500)).toBe(0);
});

test('a steady clock goes on from where it was, whatever is read', () => {
  const reads = [1000, 1500, -2000, -1900, Number.NaN, 3_600_000, -1900];
  const clock = new SteadyClock(() => {
    const read = reads.shift();
    if (read === undefined) throw new Error('no time');
    return read;
  });
  expect([clock.now(), clock.now(), clock.now(), clock.now()]).toEqual([1500, 1500, 1600, 1600]);
  expect([clock.now(), clock.now(), clock.now()]).toEqual([3_603_500, 3_603_500, 3_603_500]);
});
