import { ARMS, PARKED, WATCH_MEMORY_BYTES } from '../src/watch-memory.ts';
import { arm, WatchRest } from '../src/watch-rest.ts';

function watch(canSeeWaiting = true) {
  const cells = new Int32Array(new SharedArrayBuffer(WATCH_MEMORY_BYTES));
  return { cells, rest: new WatchRest({ cells, nowMs: 1_000, canSeeWaiting }) };
}

test('a thread in which nothing begins is watched closely for half a minute, then each two seconds', () => {
  const { cells, rest } = watch();
  expect(rest.next(1_000, 250, true)).toEqual({ ms: 250, isParked: false });
  expect(rest.next(30_999, 250, true)).toEqual({ ms: 250, isParked: false });
  expect(cells[PARKED]).toBe(0);
  expect(rest.next(31_000, 250, true)).toEqual({ ms: 2_000, isParked: true });
  expect(cells[PARKED]).toBe(1);
});

test('where idle cannot be told from blocked, the watcher sleeps until something begins', () => {
  expect(watch(false).rest.next(31_000, 250, true)).toEqual({ ms: Number.POSITIVE_INFINITY, isParked: true });
});

test('a thread that was at work at the last look is not left alone', () => {
  expect(watch().rest.next(90_000, 125, false)).toEqual({ ms: 125, isParked: false });
});

test('what begins wakes the watcher only if it sleeps deeply', () => {
  const { cells, rest } = watch();
  expect(arm(cells)).toBe(false);
  expect(rest.next(50_000, 250, true).isParked).toBe(false);
  expect(rest.next(80_000, 250, true).isParked).toBe(true);
  expect(arm(cells)).toBe(true);
  expect(cells[PARKED]).toBe(0);
  expect(arm(cells)).toBe(false);
  expect(rest.next(80_001, 250, true)).toEqual({ ms: 250, isParked: false });
  expect(rest.next(110_002, 250, true).isParked).toBe(true);
});

test('what begins while the watcher lies down is not slept over: the cell it sleeps on has changed', () => {
  const { cells, rest } = watch();
  rest.next(31_000, 250, true);
  arm(cells);
  expect(cells[ARMS]).not.toBe(rest.arms);
  expect(Atomics.wait(cells, ARMS, rest.arms, 1_000)).toBe('not-equal');
});
