import fc from 'fast-check';
import { createLibuvPool } from '../src/libuv-pool-account.ts';
import { LIBUV_POOL_BYTES, NO_TICKET, QUEUE_SLOTS } from '../src/libuv-pool-memory.ts';
import { runs } from './seed.ts';

function account(size = 4, memory = new SharedArrayBuffer(LIBUV_POOL_BYTES), offsetMs = 0) {
  const clock = { ms: 1_000 };
  return { pool: createLibuvPool({ memory, threadId: 0, size: () => size, now: () => clock.ms, offsetMs }), clock };
}

interface Job {
  readonly arrivalMs: number;
  readonly serviceMs: number;
  readonly isSlow: boolean;
}

/** libuv's pool, played with known service times: tells who started and ended when, in the order in which it happens. */
function play(jobs: readonly Job[], size: number, tell: (what: 'enter' | 'leave', job: number, ms: number) => void) {
  const queue: (number | 'slow')[] = [];
  const slow: number[] = [];
  const running: { job: number; endMs: number }[] = [];
  const startedMs: number[] = [];
  const limit = Math.floor((size + 1) / 2);
  const start = (job: number, ms: number): void => {
    startedMs[job] = ms;
    running.push({ job, endMs: ms + (jobs[job] as Job).serviceMs });
  };
  const isBlocked = (): boolean =>
    queue.every((item) => item === 'slow') && running.filter(({ job }) => jobs[job]?.isSlow).length >= limit;
  const dispatch = (ms: number): void => {
    while (running.length < size && queue.length > 0 && !isBlocked()) {
      const item = queue.shift() as number | 'slow';
      if (item !== 'slow') start(item, ms);
      else if (running.filter(({ job }) => jobs[job]?.isSlow).length >= limit) queue.push('slow');
      else {
        start(slow.shift() as number, ms);
        if (slow.length > 0) queue.push('slow');
      }
    }
  };
  const endUntil = (ms: number): void => {
    for (;;) {
      running.sort((left, right) => left.endMs - right.endMs);
      const first = running[0];
      if (first === undefined || first.endMs > ms) return;
      running.shift();
      tell('leave', first.job, first.endMs);
      dispatch(first.endMs);
    }
  };
  for (const [job, { arrivalMs, isSlow }] of jobs.entries()) {
    endUntil(arrivalMs);
    tell('enter', job, arrivalMs);
    if (!isSlow) queue.push(job);
    else if (slow.push(job) === 1) queue.push('slow');
    dispatch(arrivalMs);
  }
  endUntil(Number.POSITIVE_INFINITY);
  return startedMs;
}

function told(jobs: readonly Job[], size: number): { readonly told: number[]; readonly truth: number[] } {
  const { pool, clock } = account(size);
  pool.follow();
  const tickets: number[] = [];
  const starts: number[] = [];
  const truth = play(jobs, size, (what, job, ms) => {
    const { isSlow, arrivalMs } = jobs[job] as Job;
    clock.ms = ms;
    if (what === 'enter') {
      tickets[job] = isSlow ? pool.enterSlow(ms) : pool.enter(ms);
      return;
    }
    const ticket = tickets[job] as number;
    if (isSlow) pool.leaveSlow(ms, ticket);
    else pool.leave(ms, ticket);
    starts[job] = pool.takenUpMs(ticket, arrivalMs, ms);
  });
  return { told: starts, truth };
}

test('of 16 jobs on 4 threads each waits for the rounds before it', () => {
  const jobs = Array.from({ length: 16 }, () => ({ arrivalMs: 10, serviceMs: 50, isSlow: false }));
  expect(told(jobs, 4).told).toEqual(jobs.map((_, index) => 10 + Math.floor(index / 4) * 50));
});

test('when each operation was taken up is what libuv does, for any arrivals and any time each takes, slow work too', () => {
  const job = fc.record({ gap: fc.nat({ max: 9 }), service: fc.integer({ min: 1, max: 60 }), isSlow: fc.boolean() });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.array(job, { maxLength: 60 }), (size, drawn) => {
      let arrivalMs = 0;
      const jobs = drawn.map(({ gap, service, isSlow }, index) => {
        arrivalMs += gap;
        // No two ends at one moment: their order would be a matter of taste.
        return { arrivalMs, serviceMs: service + (index + 1) / 256, isSlow };
      });
      const { told: starts, truth } = told(jobs, size);
      expect(starts).toEqual(truth);
    }),
    runs(300),
  );
});

test('an operation of several trips queues for each of them', () => {
  const { pool } = account(1);
  pool.follow();
  pool.enter(0);
  const file = pool.enter(1, 3);
  const other = pool.enter(2);
  const another = pool.enter(3);
  pool.leave(100); // the file's first trip, then the other
  expect(pool.takenUpMs(other, 0, 1e6)).toBe(100);
  const late = pool.enter(150);
  pool.leave(200, other);
  expect(pool.takenUpMs(another, 0, 1e6)).toBe(200);
  pool.leave(300, another); // its second, then the late one
  expect(pool.takenUpMs(late, 0, 1e6)).toBe(300);
  pool.leave(400, late);
  pool.leave(410, file);
  expect(pool.takenUpMs(file, 0, 1e6)).toBe(400);
});

test('an operation that ends in fewer trips than thought leaves its place to the others', () => {
  const { pool } = account(1);
  pool.follow();
  pool.enter(0);
  const file = pool.enter(1, 4);
  const other = pool.enter(2);
  pool.leave(100);
  pool.leave(101, file);
  const last = pool.enter(102);
  pool.leave(200, other);
  expect(pool.takenUpMs(last, 0, 1e6)).toBe(200);
  pool.leave(300, last);
  expect(pool.queued).toBe(0);
});

test('nothing is told of operations that find a free thread, nor while nobody follows', () => {
  const { pool } = account(2);
  const tickets = Array.from({ length: 5 }, () => pool.enter(0));
  expect(new Set(tickets)).toEqual(new Set([NO_TICKET]));
  for (const ticket of tickets) pool.leave(10, ticket);
  const unfollow = pool.follow();
  expect(pool.enter(20)).toBe(NO_TICKET);
  expect(pool.takenUpMs(pool.enter(20), 20, 30)).toBe(20); // took the last thread at once
  const waiting = pool.enter(20);
  expect(waiting).not.toBe(NO_TICKET);
  expect(pool.takenUpMs(waiting, 20, 25)).toBe(25);
  pool.leave(30);
  expect(pool.takenUpMs(waiting, 0, 1e6)).toBe(30);
  expect(pool.takenUpMs(NO_TICKET, 20, 30)).toBe(20);
  unfollow();
  unfollow();
  expect(pool.enter(40)).toBe(NO_TICKET);
});

test('two threads on clocks of their own see one queue', () => {
  const memory = new SharedArrayBuffer(LIBUV_POOL_BYTES);
  const { pool: main } = account(1, memory, 5_000);
  const { pool: worker } = account(1, memory, 8_000);
  main.follow();
  main.enter(1_000);
  const ticket = worker.enter(-1_990);
  main.leave(1_500);
  expect(worker.takenUpMs(ticket, -1_990, 0)).toBe(-1_500);
});

test('beyond its slots the queue forgets, and comes right again', () => {
  const { pool } = account(1);
  pool.follow();
  const tickets = Array.from({ length: QUEUE_SLOTS + 10 }, () => pool.enter(0));
  expect(tickets.slice(-10)).toEqual(Array(10).fill(NO_TICKET));
  for (const [index, ticket] of tickets.entries()) pool.leave(index + 1, ticket);
  expect(pool.inFlight).toBe(0);
  pool.enter(50_000);
  const ticket = pool.enter(50_000);
  pool.leave(50_100);
  expect(pool.takenUpMs(ticket, 50_000, 60_000)).toBe(50_100);
  pool.leave(50_200, ticket);
});
