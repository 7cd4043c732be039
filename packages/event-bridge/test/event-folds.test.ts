import fc from 'fast-check';
import { EventFolds, type Fold } from '../src/event-folds.ts';
import { recordOf } from './records.ts';

const SEED = 20_260_504;

test('the first is told at once, what is alike and follows once the window is over, with count, first and last time', () => {
  const folds = new EventFolds(1000, 10);
  folds.add(recordOf({ time: 4, labels: { path: '/a' } }), 90);
  expect(folds.takeClosed(100)).toMatchObject([{ count: 1, firstMs: 4, lastMs: 4, openedMs: 90 }]);
  for (const time of [5, 3, 9]) folds.add(recordOf({ time, labels: { path: '/a' } }), 200);
  expect(folds.pending).toBe(3);
  expect(folds.takeClosed(1099)).toEqual([]);
  expect(folds.takeClosed(1100)).toMatchObject([{ count: 3, firstMs: 3, lastMs: 9, openedMs: 200 }]);
  expect(folds.pending).toBe(0);
});

test('events that arrive together are told together, at once', () => {
  const folds = new EventFolds(1000, 10);
  for (const time of [5, 3, 9]) folds.add(recordOf({ time }), 100);
  expect(folds.takeClosed(100)).toMatchObject([{ count: 3, firstMs: 3, lastMs: 9 }]);
});

test('a storm is told once a window; after a window without an event, the next is told at once again', () => {
  const folds = new EventFolds(1000, 10);
  const told: [nowMs: number, count: number][] = [];
  for (let nowMs = 0; nowMs <= 6000; nowMs += 100) {
    if (nowMs <= 2500 || nowMs === 5500) folds.add(recordOf(), nowMs);
    for (const { count } of folds.takeClosed(nowMs)) told.push([nowMs, count]);
  }
  expect(told).toEqual([
    [0, 1],
    [1000, 10],
    [2000, 10],
    [3000, 5],
    [5500, 1],
  ]);
});

test('other labels, another type, thread or process are other folds', () => {
  const folds = new EventFolds(1000, 10);
  const alike = { labels: { a: 'x', b: 'y' } };
  folds.add(recordOf(alike), 0);
  folds.add(recordOf({ labels: { a: 'x', b: 'z' } }), 0);
  folds.add(recordOf({ labels: { a: 'x,y', b: '' } }), 0);
  folds.add(recordOf({ ...alike, type: 1 }), 0);
  folds.add(recordOf({ ...alike, threadId: 1 }), 0);
  folds.add(recordOf({ ...alike, pid: 2 }), 0);
  expect(folds.takeClosed(Number.POSITIVE_INFINITY)).toHaveLength(6);
});

test('the most severe event stands for the fold, and among equals the one with the largest value', () => {
  const folds = new EventFolds(1000, 10);
  folds.add(recordOf({ value: Number.NaN, text: 'none' }), 0);
  folds.add(recordOf({ value: 7, text: 'seven' }), 0);
  folds.add(recordOf({ value: 3, text: 'three' }), 0);
  expect(folds.takeClosed(Number.POSITIVE_INFINITY)[0]?.worst.text).toBe('seven');
  folds.add(recordOf({ value: 7, text: 'seven' }), 0);
  folds.add(recordOf({ value: 1, severity: 17, text: 'error' }), 0);
  expect(folds.takeClosed(Number.POSITIVE_INFINITY)[0]?.worst.text).toBe('error');
});

test('a time that an emitter set to nonsense cannot keep a fold open', () => {
  const folds = new EventFolds(1000, 10);
  folds.add(recordOf({ time: Number.MAX_SAFE_INTEGER }), 0);
  folds.add(recordOf({ time: Number.NaN, type: 1 }), 0);
  expect(folds.takeClosed(1000)).toHaveLength(2);
});

test('without a window every event is a fold of its own, at once', () => {
  const folds = new EventFolds(0, 10);
  expect(folds.add(recordOf(), 0)).toMatchObject({ count: 1 });
  expect(folds.add(recordOf(), 0)).toMatchObject({ count: 1 });
  expect(folds.pending).toBe(0);
});

test(`no event is lost, no limit is passed, whatever arrives (seed ${SEED})`, () => {
  const arrival = fc.record({ stepMs: fc.nat(400), key: fc.nat(12), value: fc.double() });
  fc.assert(
    fc.property(fc.array(arrival, { maxLength: 200 }), fc.integer({ min: 1, max: 8 }), (arrivals, limit) => {
      const folds = new EventFolds(1000, limit);
      const done: Fold[] = [];
      let nowMs = 0;
      let open = 0;
      for (const { stepMs, key, value } of arrivals) {
        nowMs += stepMs;
        const closed = folds.takeClosed(nowMs);
        const evicted = folds.add(recordOf({ labels: { key: String(key) }, value }), nowMs);
        if (evicted !== undefined) done.push(evicted);
        done.push(...closed);
        open = folds.pending;
        expect(open + done.reduce((sum, fold) => sum + fold.count, 0)).toBeLessThanOrEqual(arrivals.length);
      }
      const rest = folds.takeClosed(Number.POSITIVE_INFINITY);
      expect(rest.length).toBeLessThanOrEqual(limit);
      expect(rest.reduce((sum, fold) => sum + fold.count, 0)).toBe(open);
      expect([...done, ...rest].reduce((sum, fold) => sum + fold.count, 0)).toBe(arrivals.length);
    }),
    { seed: SEED, numRuns: 200 },
  );
});
