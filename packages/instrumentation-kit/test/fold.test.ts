import fc from 'fast-check';
import { createFold } from '../src/fold.ts';
import { runs } from './seed.ts';

test('the first is reported, then one a window with the number of those since', () => {
  const fold = createFold({ windowMs: 1000 });
  expect([0, 10, 999].map((ms) => fold.count('a', ms))).toEqual([1, 0, 0]);
  expect(fold.count('b', 999)).toBe(1);
  expect(fold.count('a', 1000)).toBe(3);
  expect(fold.count('a', 1001)).toBe(0);
});

test('every occurrence is in a report, or pending since the last one', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat({ max: 500 })), { maxLength: 100 }),
      (steps) => {
        const fold = createFold({ windowMs: 1000 });
        const reported = new Map<string, number>();
        const pending = new Map<string, number>();
        let nowMs = 0;
        for (const [key, gap] of steps) {
          nowMs += gap;
          const count = fold.count(key, nowMs);
          reported.set(key, (reported.get(key) ?? 0) + count);
          pending.set(key, count === 0 ? (pending.get(key) ?? 0) + 1 : 0);
        }
        for (const key of new Set(steps.map(([name]) => name))) {
          const occurred = steps.filter(([name]) => name === key).length;
          expect((reported.get(key) ?? 0) + (pending.get(key) ?? 0)).toBe(occurred);
        }
      },
    ),
    runs(200),
  );
});

test('a flood of keys stays bounded: the oldest is forgotten and reported again', () => {
  const fold = createFold({ windowMs: 1000, maxKeys: 2 });
  expect(['a', 'b', 'c', 'a', 'c'].map((key) => fold.count(key, 0))).toEqual([1, 1, 1, 1, 0]);
});
