import fc from 'fast-check';
import { random } from '../../../statistics/test/seed.ts';
import type { Anomaly } from '../../src/index.ts';
import { Climb } from '../../src/shifts/climb.ts';
import { type Rig, rig, START_MS } from '../rig.ts';
import { runs } from '../seed.ts';

jest.setTimeout(600_000);

const MIB = 2 ** 20;
const MINUTE = 60;
const BASE = 60 * MIB;

/** Garbage above the floor: teeth of random heights and lengths, in bytes at each call. */
function sawtooth(seed: number): () => number {
  const next = random(seed);
  let length = 1;
  let height = 0;
  let at = 0;
  return () => {
    if (++at >= length) {
      at = 0;
      length = 4 + Math.floor(12 * next());
      height = (6 + 12 * next()) * MIB;
    }
    return (height * at) / length + next() * MIB;
  };
}

/** What was told of the growth of the heap while it had what `leaked` says at each second, garbage aside. */
async function heapOf(seed: number, seconds: number, leaked: (second: number) => number): Promise<Anomaly[]> {
  const self: Rig = rig({ warmUpMs: 1e9 });
  const garbage = sawtooth(seed);
  await self.run(seconds, (second) => {
    self.memory.heapUsed = BASE + leaked(second) + garbage();
  });
  return self.told.filter(({ signal, state }) => signal === 'growth' && state !== 'joined');
}

/** Bytes leaked at a second by a leak that starts at one, and lasts for so many. */
const ramp = (second: number, from: number, seconds: number, mibPerSecond: number): number =>
  Math.min(Math.max(0, second - from), seconds) * mibPerSecond * MIB;

test('two leaks that start ten minutes apart are two anomalies, and each ends as its climb has', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      fc.integer({ min: 20, max: 120 }),
      fc.constantFrom(3, 5, 8),
      async (seed, length, rate) => {
        // The second has to rise by a fifth of what the first one left.
        fc.pre(length * rate * MIB > 40 * MIB + 0.2 * (BASE + length * rate * MIB));
        const told = await heapOf(
          seed,
          26 * MINUTE,
          (at) => ramp(at, 3 * MINUTE, length, rate) + ramp(at, 13 * MINUTE, length, rate),
        );
        expect(told.map(({ state, id }) => [state, id])).toEqual([
          ['started', 1],
          ['ended', 1],
          ['started', 2],
          ['ended', 2],
        ]);
        const [first, second] = told.filter(({ state }) => state === 'ended') as [Anomaly, Anomaly];
        for (const [ended, from] of [
          [first, 3 * MINUTE],
          [second, 13 * MINUTE],
        ] as const) {
          // To half of the growth that is told, and a part of a floor; it began within the longest window of 90 s.
          expect(Math.abs((ended.endedMs as number) - START_MS - 1000 * (from + length))).toBeLessThanOrEqual(40_000);
          expect(ended.onsetMs - START_MS).toBeGreaterThanOrEqual(1000 * (from - 95));
          expect(ended.onsetMs - START_MS).toBeLessThanOrEqual(1000 * (from + length));
          // To a tooth and a block of the climb.
          expect(Math.abs((ended.rise as number) / MIB - length * rate)).toBeLessThanOrEqual(20 + 3 * rate);
          expect(ended.message).toMatch(/^Over after \d+(\.\d)? s, risen by [\d.]+ MiB \(peak /);
        }
      },
    ),
    runs(12),
  );
});

test('a leak that climbs in steps of some minutes is one anomaly, told once and over once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.integer({ min: 30, max: 270 }), async (seed, every) => {
      const next = random(seed);
      // Steps of 32 to 64 MiB, each within 15 s; the first stands out of the garbage for sure.
      const heights = Array.from({ length: 8 }, (_, i) => (i === 0 ? 56 : 32 + 32 * next()) / 15);
      const told = await heapOf(seed, 3 * MINUTE + 8 * every + 8 * MINUTE, (at) =>
        heights.reduce((sum, rate, i) => sum + ramp(at, 3 * MINUTE + i * every, 15, rate), 0),
      );
      expect(told.map(({ state, id }) => [state, id])).toEqual([
        ['started', 1],
        ['ended', 1],
      ]);
      const rise = heights.reduce((sum, rate) => sum + 15 * rate, 0);
      expect(Math.abs((told[1]?.rise as number) / MIB - rise)).toBeLessThanOrEqual(25);
    }),
    runs(12),
  );
});

test('a leak that climbs all the time is one anomaly until it is accepted, however slowly it does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.double({ min: 2, max: 60, noNaN: true }), async (seed, mibPerMinute) => {
      const told = await heapOf(seed, 70 * MINUTE, (at) => ramp(at, 20 * MINUTE, 50 * MINUTE, mibPerMinute / 60));
      expect(told.map(({ state }) => state)).toEqual(['started']);
    }),
    runs(8),
  );
});

test('a leak that is free again ends at once, and the next one to the same level is told', async () => {
  const told = await heapOf(1, 23 * MINUTE, (at) => {
    const isFree = at >= 4 * MINUTE && at < 14 * MINUTE;
    return isFree ? 0 : ramp(at, at < 14 * MINUTE ? 3 * MINUTE : 14 * MINUTE, 30, 5);
  });
  expect(told.map(({ state, id }) => [state, id])).toEqual([
    ['started', 1],
    ['ended', 1],
    ['started', 2],
    ['ended', 2],
  ]);
  expect((told[1]?.endedMs as number) - (told[1]?.onsetMs as number)).toBeLessThan(90_000);
});

test('at a look each 10 s two leaks ten minutes apart are two as well', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.integer({ min: 90, max: 150 }), async (seed, length) => {
      const self = rig({ intervalMs: 10_000, warmUpMs: 1e9 });
      const garbage = sawtooth(seed);
      await self.run(180, (look) => {
        let above = 0;
        for (let second = 0; second < 10; second++) above = garbage();
        self.memory.heapUsed = BASE + above + ramp(10 * look, 600, length, 2) + ramp(10 * look, 1200, length, 2);
      });
      expect(self.told.filter(({ state }) => state !== 'joined').map(({ state, id }) => [state, id])).toEqual([
        ['started', 1],
        ['ended', 1],
        ['started', 2],
        ['ended', 2],
      ]);
    }),
    runs(12),
  );
});

test('the value of the same series keeps no growth from being told anew', async () => {
  const self = rig({ warmUpMs: 0 });
  const garbage = sawtooth(5);
  const HOUR = 60 * MINUTE;
  await self.run(HOUR + 30 * MINUTE, (at) => {
    self.memory.heapUsed = BASE + garbage() + ramp(at, HOUR, 30, 5) + ramp(at, HOUR + 12 * MINUTE, 30, 6);
  });
  const heap = self.told.filter(({ name, state }) => name === 'v8js.memory.heap.used' && state !== 'joined');
  expect(
    self.told.some(({ folded, signal }) => signal === 'value' || folded.some((text) => text.endsWith(' value'))),
  ).toBe(true);
  expect(heap.map(({ state, id }) => [state, id])).toEqual([
    ['started', 1],
    ['ended', 1],
    ['started', 2],
    ['ended', 2],
  ]);
});

test('the memory of the process is judged by minutes, and two climbs of it are two as well', async () => {
  const self = rig({ intervalMs: 10_000, warmUpMs: 1e9 });
  const next = random(3);
  // Looks of 10 s: 20 minutes of peace, 12 of a climb of 12 MiB a minute, 15 of peace, the climb again, peace.
  await self.run(6 * 80, (at) => {
    self.memory.rss = 120 * MIB + 4 * MIB * next() + ramp(at, 120, 72, 2) + ramp(at, 282, 72, 2);
  });
  const told = self.told.filter(({ state }) => state !== 'joined');
  expect(told.map(({ state, id, series }) => [state, id, series])).toEqual([
    ['started', 1, 'process.memory.usage growth'],
    ['ended', 1, 'process.memory.usage growth'],
    ['started', 2, 'process.memory.usage growth'],
    ['ended', 2, 'process.memory.usage growth'],
  ]);
});

test('a climb rests after six floors without a step, or as long as it took to be found, and gaps are no rest', () => {
  const FLOOR = 12;
  const restOf = (values: number, level: (i: number) => number): number => {
    const climb = new Climb(FLOOR);
    climb.begin({ nowMs: 0, level: 100, step: 10, values });
    for (let i = 0; i < 10_000; i++) {
      climb.update(i, level(i));
      climb.update(i, Number.NaN);
      if (climb.isAtRest) return i + 1;
    }
    return -1;
  };
  expect(restOf(4, () => 105)).toBe(6 * FLOOR);
  expect(restOf(20 * FLOOR, () => 105)).toBe(21 * FLOOR);
  expect(restOf(4, (i) => 100 + i)).toBe(-1);
  expect(restOf(4, (i) => 110 + 10 * Math.floor(i / (5 * FLOOR)))).toBe(-1);
  expect(restOf(4, (i) => (i < 600 ? 100 + i : 700))).toBe(600 + 5 * FLOOR + 3);
});
