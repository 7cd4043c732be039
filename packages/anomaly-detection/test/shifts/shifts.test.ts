import fc from 'fast-check';
import { random } from '../../../statistics/test/seed.ts';
import { GrowthTest } from '../../src/shifts/growth-test.ts';
import { ShareTest } from '../../src/shifts/share-test.ts';
import { runs } from '../seed.ts';

const CONFIG = { looks: 10, leastShare: 0.05, leastHitLooks: 2 };

/** Feeds looks of `calls` calls of which each fails with a probability; returns how often the share had risen. */
function alarms(test: ShareTest, looks: number, next: () => number, share: number): number {
  let risen = 0;
  for (let look = 0; look < looks; look++) {
    let failed = 0;
    for (let i = 0; i < 20; i++) if (next() < share) failed++;
    if (test.update(Float64Array.of(20 - failed, failed), 1, false)) risen++;
  }
  return risen;
}

test('a share that stays as it is never rises, and one that does is seen', () => {
  fc.assert(
    fc.property(fc.integer(), fc.constantFrom(0, 0.01, 0.05, 0.3), (seed, share) => {
      const next = random(seed);
      const test = new ShareTest(2, CONFIG);
      expect(alarms(test, 500, next, share)).toBe(0);
      expect(alarms(test, 10, next, Math.min(1, 3 * share + 0.4))).toBeGreaterThan(0);
    }),
    runs(40),
  );
});

test('one look in which everything failed is a moment, and is not learned as usual either', () => {
  const test = new ShareTest(2, CONFIG);
  const next = random(1);
  alarms(test, 50, next, 0.01);
  expect(test.update(Float64Array.of(0, 200), 1, false)).toBe(false);
  expect(alarms(test, 30, next, 0.01)).toBe(0);
  expect(alarms(test, 10, next, 0.3)).toBeGreaterThan(0);
});

test('the boundary of slow calls is the lowest that few were above, and no lower than asked for', () => {
  const test = new ShareTest(5, { ...CONFIG, leastShare: 0.1 });
  for (let look = 0; look < 40; look++) test.update(Float64Array.of(50, 40, 9, 1, 0), 1, false);
  expect(test.boundary).toBe(3);
  for (let look = 0; look < 4; look++) test.update(Float64Array.of(50, 40, 9, 1, 0), 4, false);
  expect(test.boundary).toBe(4);
});

test('a state is taken up again, and anything else is refused and changes nothing', () => {
  const former = new ShareTest(2, CONFIG);
  alarms(former, 100, random(1), 0.02);
  const latter = new ShareTest(2, CONFIG);
  expect(latter.restore(JSON.parse(JSON.stringify(former.toState())))).toBe(true);
  expect(latter.countBefore).toBeCloseTo(former.countBefore);
  fc.assert(
    fc.property(fc.anything(), (state) => {
      const test = new ShareTest(2, CONFIG);
      expect(test.restore(state)).toBe(false);
      expect(test.countBefore).toBe(0);
    }),
    runs(200),
  );
});

const MIB = 2 ** 20;

/** Whether growth is told of values, and at which of them first. */
function firstGrowth(values: readonly number[]): number {
  const test = new GrowthTest({ blockLength: 3, least: 16 * MIB });
  return values.findIndex((value, i) => test.update(1000 * i, value));
}

const saw = (i: number): number => 60 * MIB + ((i * 7) % 16) * MIB;

test('a floor that rises by leaking is told; a sawtooth, a step, a start and what always grew are not', () => {
  const steady = Array.from({ length: 60 }, (_, i) => saw(i));
  expect(firstGrowth([...steady, ...Array.from({ length: 40 }, (_, i) => saw(i) + 4 * i * MIB)])).toBeGreaterThan(60);
  expect(firstGrowth(Array.from({ length: 1000 }, (_, i) => saw(i)))).toBe(-1);
  expect(firstGrowth([...steady, ...steady.map((value) => value + 10 * MIB)])).toBe(-1);
  const start = Array.from({ length: 12 }, (_, i) => 10 * MIB + 4 * i * MIB);
  expect(firstGrowth([...start, ...steady])).toBe(-1);
  expect(firstGrowth(Array.from({ length: 300 }, (_, i) => 50 * MIB + i * MIB))).toBe(-1);
  expect(firstGrowth([Number.NaN, ...steady, Number.POSITIVE_INFINITY])).toBe(-1);
});

test('a climb is compared with as long a time before it: a heap that warms up is no leak', () => {
  const climbAt = (start: number): number[] => {
    const risen = (i: number): number => 22 * MIB * Math.min(1, Math.max(0, (i - start) / 45));
    return Array.from({ length: start + 300 }, (_, i) => 60 * MIB + risen(i));
  };
  expect(firstGrowth(climbAt(21))).toBe(-1);
  expect(firstGrowth(climbAt(120))).toBeGreaterThan(120);
});

test('growth is said to have begun when it did, give or take two blocks', () => {
  fc.assert(
    fc.property(fc.integer({ min: 60, max: 200 }), fc.integer({ min: 2, max: 10 }), (start, speed) => {
      const test = new GrowthTest({ blockLength: 3, least: 16 * MIB });
      const valueAt = (i: number): number => 60 * MIB + (i % 3) * MIB + Math.max(0, i - start) * speed * MIB;
      const told = Array.from({ length: start + 60 }, (_, i) => i).find((i) => test.update(1000 * i, valueAt(i)));
      expect(told).toBeDefined();
      expect(Math.abs(test.onsetMs / 1000 - start)).toBeLessThanOrEqual(6);
    }),
    runs(100),
  );
});
