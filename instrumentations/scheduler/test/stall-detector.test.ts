import fc from 'fast-check';
import { StackBudget } from '../src/stack-budget.ts';
import { StallDetector } from '../src/stall-detector.ts';
import { runs } from './seed.ts';

/** Work [from, to) ms of a loop, each in a turn of its own; between them it waits for events. */
type Work = readonly { readonly from: number; readonly to: number }[];

/** Looks at a loop from `startMs` on, as the watcher does. @returns the looks at which a turn was called */
function watch(thresholdMs: number, work: Work, startMs: number, endMs: number): { turn: number; atMs: number }[] {
  const detector = new StallDetector({ thresholdMs });
  const called: { turn: number; atMs: number }[] = [];
  for (let nowMs = startMs; nowMs < endMs; nowMs += detector.nextDelayMs(nowMs)) {
    const turn = work.filter(({ to }) => to <= nowMs).length;
    const isIdle = !work.some(({ from, to }) => from <= nowMs && nowMs < to);
    if (detector.observe({ nowMs, turn, isIdle })) called.push({ turn, atMs: nowMs });
  }
  return called;
}

const schedule = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 1500 }), fc.integer({ min: 1, max: 2000 })), { maxLength: 8 })
  .map((pairs) => {
    let clock = 0;
    return pairs.map(([pause, length]) => {
      const from = clock + pause;
      clock = from + length;
      return { from, to: clock };
    });
  });

test('every turn of 1.5 thresholds is called while it lasts, and none that lasts under half of one', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(20, 100, 250, 500, 1000),
      schedule,
      fc.nat({ max: 300 }),
      (thresholdMs, work, start) => {
        const end = (work.at(-1)?.to ?? 0) + 1000;
        const called = watch(thresholdMs, work, start, end);
        expect(new Set(called.map(({ turn }) => turn)).size).toBe(called.length);
        for (const { turn, atMs } of called) {
          const { from, to } = work[turn] as Work[number];
          expect(atMs - from).toBeGreaterThanOrEqual(thresholdMs / 2);
          expect(atMs).toBeLessThan(to);
        }
        for (const [turn, { from, to }] of work.entries()) {
          if (from < start || to - from <= thresholdMs * 1.5) continue;
          expect(called.map((call) => call.turn)).toContain(turn);
        }
      },
    ),
    runs(500),
  );
});

test('from a threshold of 500 ms on, no turn of the threshold escapes', () => {
  fc.assert(
    fc.property(fc.nat({ max: 1000 }), fc.integer({ min: 500, max: 900 }), (from, thresholdMs) => {
      const to = from + thresholdMs + 1;
      expect(watch(thresholdMs, [{ from, to }], 0, to + 500)).toHaveLength(1);
    }),
    runs(200),
  );
});

test('an idle loop is looked at four times a second, at any threshold of 250 ms and above', () => {
  for (const thresholdMs of [250, 500, 10_000]) expect(new StallDetector({ thresholdMs }).intervalMs).toBe(250);
  expect(new StallDetector({ thresholdMs: 100 }).intervalMs).toBe(100);
});

test('a watcher that was stopped itself does not blame the loop for the time', () => {
  const detector = new StallDetector({ thresholdMs: 200 });
  expect(detector.observe({ nowMs: 0, turn: 1, isIdle: true })).toBe(false);
  expect(detector.observe({ nowMs: 200, turn: 1, isIdle: false })).toBe(false);
  // SIGSTOP for an hour: the loop may have been stopped as well.
  expect(detector.observe({ nowMs: 3_600_000, turn: 1, isIdle: false })).toBe(false);
  expect(detector.observe({ nowMs: 3_600_100, turn: 1, isIdle: false })).toBe(true);
});

test('a turn is called once, however long it lasts', () => {
  const called = watch(100, [{ from: 10, to: 100_000 }], 0, 100_000);
  expect(called).toHaveLength(1);
});

test('a stack budget gives a burst, then its rate, and never more', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.1, max: 600, noNaN: true }),
      fc.integer({ min: 1, max: 100 }),
      fc.array(fc.nat({ max: 30_000 }), { maxLength: 200 }),
      (perMinute, burst, gaps) => {
        const budget = new StackBudget(perMinute, burst);
        let nowMs = 0;
        let taken = 0;
        for (const gap of gaps) {
          nowMs += gap;
          if (budget.take(nowMs)) taken += 1;
        }
        expect(taken).toBeLessThanOrEqual(Math.floor(burst + (nowMs * perMinute) / 60_000 + 1e-6));
        if (gaps.length <= burst) expect(taken).toBe(gaps.length);
      },
    ),
    runs(300),
  );
});

test('a stack budget that was used up has one more after its interval', () => {
  const budget = new StackBudget(12, 2);
  expect([0, 1, 2, 4_999, 5_001, 5_002].map((ms) => budget.take(ms))).toEqual([true, true, false, false, true, false]);
});

test('what could be done without is taken from one half of the stacks only', () => {
  const budget = new StackBudget(60, 10);
  const taken = Array.from({ length: 20 }, () => budget.takeSpare(0)).filter(Boolean).length;
  expect(taken).toBe(5);
  expect(Array.from({ length: 20 }, () => budget.take(0)).filter(Boolean)).toHaveLength(5);
  expect([budget.takeSpare(4000), budget.takeSpare(6000)]).toEqual([false, true]);
});
