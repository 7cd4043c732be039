import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { libuvPoolSize } from '../src/libuv-pool.ts';
import { createLibuvPool } from '../src/libuv-pool-account.ts';
import { LIBUV_POOL_BYTES, SLOTS } from '../src/libuv-pool-memory.ts';

const SEED = Number(process.env.SONDE_TEST_SEED ?? 20_260_101);
const RUNS = process.env.SONDE_TEST_LONG ? 5_000 : 300;

function account(size = 4, threadId = 0, memory = new SharedArrayBuffer(LIBUV_POOL_BYTES)) {
  const clock = { ms: 1_000, reads: 0 };
  const pool = createLibuvPool({
    memory,
    threadId,
    size: () => size,
    now: () => {
      clock.reads += 1;
      return clock.ms;
    },
  });
  return { pool, clock, memory };
}

test.each([
  [undefined, 4],
  ['8', 8],
  ['1', 1],
  ['1024', 1024],
  ['1025', 1024],
  ['0', 1],
  ['', 1],
  ['many', 1],
  ['12 threads', 12],
  ['-1', 1024],
])('UV_THREADPOOL_SIZE=%p makes a pool of %p threads, as in libuv', (variable, size) => {
  expect(libuvPoolSize(variable)).toBe(size);
});

test('an unsaturated pool counts operations without ever reading the clock', () => {
  const { pool, clock } = account();
  for (let i = 0; i < 3; i++) pool.enter();
  expect(pool.inFlight).toBe(3);
  expect(pool.queued).toBe(0);
  for (let i = 0; i < 3; i++) pool.leave();
  expect(pool.snapshot()).toEqual({
    size: 4,
    inFlight: 0,
    queued: 0,
    maxInFlight: 3,
    operations: 3,
    saturatedSeconds: 0,
    queueSeconds: 0,
  });
  expect(clock.reads).toBe(0);
});

test('time at saturation and time in the queue are integrals over the time they lasted', () => {
  const { pool, clock } = account(4);
  for (let i = 0; i < 4; i++) pool.enter(); // all threads taken at 1,000
  clock.ms = 1_100;
  pool.enter(); // one queued
  pool.enter(); // two queued
  clock.ms = 1_350;
  expect(pool.queued).toBe(2);
  pool.leave();
  clock.ms = 1_400;
  pool.leave();
  clock.ms = 1_500;
  pool.leave(); // three in flight: not saturated from here on
  clock.ms = 9_000;
  const snapshot = pool.snapshot();
  expect(snapshot.saturatedSeconds).toBeCloseTo(0.5, 12);
  expect(snapshot.queueSeconds).toBeCloseTo((2 * 250 + 1 * 50) / 1000, 12);
  expect(snapshot.maxInFlight).toBe(6);
});

test('a snapshot during saturation includes the time up to now', () => {
  const { pool, clock } = account(1);
  pool.enter();
  pool.enter();
  clock.ms += 2_000;
  expect(pool.snapshot()).toMatchObject({ saturatedSeconds: 2, queueSeconds: 2, queued: 1 });
  clock.ms += 1_000;
  expect(pool.snapshot()).toMatchObject({ saturatedSeconds: 3, queueSeconds: 3 });
});

test('name look-ups hold half of the threads at most, so they queue while threads are free', () => {
  const { pool, clock } = account(4);
  for (let i = 0; i < 5; i++) pool.enterSlow();
  expect(pool.queued).toBe(3);
  clock.ms += 100;
  pool.enter();
  pool.enter(); // now two slow and two fast run: saturated
  expect(pool.queued).toBe(3);
  clock.ms += 100;
  for (let i = 0; i < 5; i++) pool.leaveSlow();
  pool.leave();
  pool.leave();
  const snapshot = pool.snapshot();
  expect(snapshot.queueSeconds).toBeCloseTo(0.6, 12);
  expect(snapshot.saturatedSeconds).toBeCloseTo(0.1, 12);
  expect(snapshot).toMatchObject({ inFlight: 0, queued: 0, operations: 7 });
});

test('accounts of two threads over one memory add up, and see each other saturate the pool', () => {
  const { pool: main, clock, memory } = account(4, 0);
  const { pool: worker, clock: workerClock } = account(4, 7, memory);
  for (let i = 0; i < 3; i++) main.enter();
  for (let i = 0; i < 3; i++) worker.enter();
  expect([main.inFlight, worker.inFlight, main.queued]).toEqual([6, 6, 2]);
  clock.ms = workerClock.ms = 1_500;
  for (let i = 0; i < 3; i++) worker.leave();
  for (let i = 0; i < 3; i++) main.leave();
  expect(main.snapshot()).toEqual(worker.snapshot());
  expect(main.snapshot()).toMatchObject({ operations: 6, inFlight: 0, queueSeconds: 1, saturatedSeconds: 0.5 });
});

test('what a terminated thread left in flight is taken out, and its operations stay counted', () => {
  const { pool: main, memory } = account(2, 0);
  const { pool: worker } = account(2, 3, memory);
  worker.enter();
  worker.leave();
  worker.enter();
  worker.enterSlow();
  main.enter();
  expect(main.attach({ version: 1, threadId: 3 })).toBe(true);
  expect(main.detach(3)).toBe(true);
  expect(main.inFlight).toBe(1);
  expect(main.snapshot().operations).toBe(1);
  expect(main.detach(3)).toBe(false);
  expect(main.attach({ version: 1, threadId: 3 })).toBe(false);
});

test('threads beyond the last slot are still counted in the sums', () => {
  const { pool: first, memory } = account(4, 0);
  for (let thread = 1; thread < SLOTS; thread++) account(4, thread, memory);
  const { pool: late } = account(4, SLOTS, memory);
  late.enter();
  expect(first.inFlight).toBe(1);
  late.leave();
  expect(first.snapshot().operations).toBe(1);
  const announced: unknown[] = [];
  late.onAllocate((descriptor) => announced.push(descriptor));
  first.onAllocate((descriptor) => announced.push(descriptor));
  expect(announced).toEqual([{ version: 1, threadId: 0 }]);
});

test('any sequence of operations agrees with a model that integrates at every step', () => {
  const step = fc.record({
    kind: fc.constantFrom('enter', 'leave', 'enterSlow', 'leaveSlow', 'snapshot'),
    ms: fc.nat({ max: 50 }),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.array(step, { maxLength: 60 }), (size, steps) => {
      const { pool, clock } = account(size);
      const model = { fast: 0, slow: 0, queueMs: 0, saturatedMs: 0, done: 0 };
      for (const { kind, ms } of steps) {
        clock.ms += ms;
        const running = Math.min(size, model.fast + Math.min(model.slow, Math.floor((size + 1) / 2)));
        model.queueMs += ms * (model.fast + model.slow - running);
        if (running === size) model.saturatedMs += ms;
        if (kind === 'leave' && model.fast === 0) continue;
        if (kind === 'leaveSlow' && model.slow === 0) continue;
        if (kind.startsWith('enter')) model[kind === 'enter' ? 'fast' : 'slow'] += 1;
        if (kind.startsWith('leave')) {
          model[kind === 'leave' ? 'fast' : 'slow'] -= 1;
          model.done += 1;
        }
        pool[kind as 'enter' | 'snapshot']();
      }
      const snapshot = pool.snapshot();
      expect(snapshot.inFlight).toBe(model.fast + model.slow);
      expect(snapshot.operations).toBe(model.done);
      expect(snapshot.queueSeconds).toBeCloseTo(model.queueMs / 1000, 9);
      expect(snapshot.saturatedSeconds).toBeCloseTo(model.saturatedMs / 1000, 9);
    }),
    { seed: SEED, numRuns: RUNS },
  );
});

test('four threads that hammer one account leave nothing in flight and no operation uncounted', async () => {
  const memory = new SharedArrayBuffer(LIBUV_POOL_BYTES);
  const rounds = 20_000;
  const module = new URL('../src/libuv-pool-account.ts', import.meta.url).href;
  const code = `
    const { workerData } = require('node:worker_threads');
    import(${JSON.stringify(module)}).then(({ createLibuvPool }) => {
      const now = () => Number(process.hrtime.bigint()) / 1e6;
      const pool = createLibuvPool({ ...workerData, size: () => 4, now });
      for (let i = 0; i < ${rounds}; i++) { pool.enter(); pool.enter(); pool.leave(); pool.leave(); }
    });`;
  const workers = [1, 2, 3, 4].map(
    (threadId) => new Worker(code, { eval: true, workerData: { memory, threadId }, execArgv: [] }),
  );
  await Promise.all(workers.map((worker) => new Promise((done) => worker.once('exit', done))));
  const { pool } = account(4, 9, memory);
  expect(pool.inFlight).toBe(0);
  expect(pool.snapshot().operations).toBe(4 * 2 * rounds);
});
