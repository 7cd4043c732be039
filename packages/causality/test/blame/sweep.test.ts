import fc from 'fast-check';
import { CAUSES, type Cause, RANKED } from '../../src/blame/causes.ts';
import { type Claim, type Evidence, sweep } from '../../src/blame/sweep.ts';
import { runs } from '../seed.ts';

const other = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), route: '/other' };

function claim(wait: Claim['wait'], startMs: number, endMs: number, rest: Partial<Claim> = {}): Claim {
  return { wait, startMs, endMs, amountMs: endMs - startMs, ...rest };
}

function split(endMs: number, rest: Partial<Evidence>): Partial<Record<Cause, number>> {
  const blame = sweep({ startMs: 0, endMs, claims: [], busy: [], cpu: [], wokenMs: [], ...rest });
  return Object.fromEntries(Object.entries(blame.split).filter(([, ms]) => ms > 0));
}

test('without evidence all is unexplained', () => {
  expect(split(80, {})).toEqual({ unexplained: 80 });
});

test('a collection wins over the turn in which it happens, and both over what the request waited for', () => {
  const claims = [
    claim('child_service', 0, 100),
    claim('blocked_loop', 40, 80, { culprit: other }),
    claim('gc', 50, 60),
  ];
  expect(split(100, { claims })).toEqual({ child_service: 60, blocked_loop: 30, gc: 10 });
});

test('overlapping waits of the request are claimed once, by what is known most exactly', () => {
  const claims = [claim('filesystem', 10, 40), claim('pool', 10, 30), claim('child_service', 0, 50)];
  expect(split(60, { claims })).toEqual({ pool: 20, filesystem: 10, child_service: 20, unexplained: 10 });
});

test('own turns are told from those of others, and a synchronous read from the turn that it held up', () => {
  const claims = [
    claim('blocked_loop', 0, 50, { isOwn: true }),
    claim('filesystem_sync', 10, 30),
    claim('blocked_loop', 60, 90, { culprit: other }),
  ];
  expect(split(100, { claims })).toEqual({ own_turn: 30, filesystem: 20, blocked_loop: 30, unexplained: 20 });
});

test('of two tellings of one turn the first holds', () => {
  const claims = [claim('blocked_loop', 0, 50, { culprit: other }), claim('blocked_loop', 0, 50, { isOwn: true })];
  expect(split(50, { claims })).toEqual({ blocked_loop: 50 });
});

test('short turns explain what nothing else does, and are prorated where a window is longer than the request', () => {
  const busy = [{ startMs: 0, endMs: 50, amountMs: 20 }];
  expect(split(50, { busy, claims: [claim('child_service', 0, 25)] })).toEqual({
    child_service: 25,
    busy_loop: 20,
    unexplained: 5,
  });
  expect(split(50, { busy, claims: [claim('child_service', 0, 45)] })).toEqual({ child_service: 45, busy_loop: 5 });
  expect(split(25, { busy })).toEqual({ busy_loop: 10, unexplained: 15 });
});

test('waiting for a CPU is part of the work in its window', () => {
  const claims = [claim('blocked_loop', 0, 80, { isOwn: true }), claim('child_service', 80, 100)];
  const cpu = [{ startMs: 0, endMs: 100, amountMs: 60, busyMs: 80, ofBusyMs: 60, wakes: 1, isThrottled: false }];
  const { own_turn = 0, cpu: waited = 0, child_service = 0 } = split(100, { claims, cpu });
  expect([own_turn, waited, child_service]).toEqual([20, 60, 20].map((ms) => expect.closeTo(ms)));
});

test('the waiting that collections cause by their own threads is theirs: 85 % of them, more where it may be', () => {
  const waiting = (collectedMs: number, ms: number, isThrottled: boolean) =>
    split(100, {
      claims: [claim('blocked_loop', 0, 100, { isOwn: true }), claim('gc', 0, collectedMs)],
      cpu: [{ startMs: 0, endMs: 100, amountMs: ms, busyMs: 100, ofBusyMs: ms, wakes: 1, isThrottled }],
    });
  expect(waiting(60, 51, true)).toEqual({ gc: 60, own_turn: 40 });
  // A lack of half: of the 30 ms that are left of the collections the helpers took 25.5.
  const half = { gc: expect.closeTo(30), own_turn: expect.closeTo(20), cpu: expect.closeTo(50) };
  expect(waiting(60, 75.5, true)).toEqual(half);
  expect(waiting(100, 92.5, true)).toEqual({ gc: expect.closeTo(50), cpu: expect.closeTo(50) });
  // Without a quota it may have been theirs as well, the more so the less there is besides them.
  expect(waiting(60, 56, false)).toEqual({ gc: 60, own_turn: 40 });
  expect(waiting(60, 75.5, false).cpu).toBeCloseTo(43.8, 1);
  expect(waiting(100, 92.5, false)).toEqual({ gc: 100 });
});

test('what a thread waited for a CPU when it was woken is told where that was for the request, on the average', () => {
  const cpu = [{ startMs: 0, endMs: 100, amountMs: 60, busyMs: 20, ofBusyMs: 20, wakes: 4, isThrottled: false }];
  expect(split(100, { cpu })).toEqual({ unexplained: 100 });
  expect(split(100, { cpu, wokenMs: [50, 5] })).toEqual({ cpu: 15, unexplained: 85 });
  const claims = [claim('child_service', 45, 60)];
  expect(split(100, { cpu, wokenMs: [50], claims })).toEqual({ cpu: 5, child_service: 15, unexplained: 80 });
});

test('work in a window that lies outside of the request takes its share of the waiting', () => {
  const cpu = [{ startMs: -100, endMs: 100, amountMs: 100, busyMs: 200, ofBusyMs: 100, wakes: 1, isThrottled: false }];
  const claims = [claim('blocked_loop', -100, 100, { culprit: other })];
  const { cpu: waited, blocked_loop: blocked } = split(100, { claims, cpu });
  expect([waited, blocked]).toEqual([expect.closeTo(50), expect.closeTo(50)]);
});

test('an amount within a stretch leaves the rest of it to others', () => {
  const claims = [claim('pool', 0, 100, { amountMs: 30 }), claim('filesystem', 0, 50)];
  expect(split(100, { claims })).toEqual({ pool: 30, filesystem: 35, unexplained: 35 });
});

test('culprits are told in the order of what they held', () => {
  const third = { ...other, spanId: 'c'.repeat(16), route: '/third' };
  const claims = [
    claim('blocked_loop', 0, 10, { culprit: other }),
    claim('blocked_loop', 10, 40, { culprit: third }),
    claim('blocked_loop', 40, 50, { culprit: other }),
    claim('blocked_loop', 50, 90),
  ];
  const { culprits } = sweep({ startMs: 0, endMs: 100, claims, busy: [], cpu: [], wokenMs: [] });
  expect(culprits).toEqual([
    { culprit: third, ms: 30 },
    { culprit: other, ms: 20 },
  ]);
});

const time = fc.oneof(
  // Not doubles of any size: most of those are next to 0.
  { weight: 40, arbitrary: fc.integer({ min: -500, max: 2500 }).map((tenths) => tenths / 10) },
  { weight: 1, arbitrary: fc.double({ min: -50, max: 250, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e300, -0) },
);
const window = fc.record({ startMs: time, endMs: time, amountMs: time });
const whole = window.map(({ startMs, endMs }) => ({ startMs, endMs, amountMs: endMs - startMs }));
const claims = fc.array(
  fc
    .tuple(fc.oneof(window, whole), fc.constantFrom(...RANKED), fc.boolean())
    .map(([times, wait, isOwn]) => ({ ...times, wait, isOwn, culprit: isOwn ? undefined : other })),
  { maxLength: 30 },
);
const evidence: fc.Arbitrary<Evidence> = fc.record({
  startMs: fc.integer({ min: 0, max: 1000 }).map((tenths) => tenths / 10),
  endMs: fc.integer({ min: 0, max: 2000 }).map((tenths) => tenths / 10),
  claims,
  busy: fc.array(window, { maxLength: 10 }),
  cpu: fc.array(
    fc
      .tuple(window, time, time, time, fc.boolean())
      .map(([times, busyMs, ofBusyMs, wakes, isThrottled]) => ({ ...times, busyMs, ofBusyMs, wakes, isThrottled })),
    { maxLength: 10 },
  ),
  wokenMs: fc.array(time, { maxLength: 10 }),
});

test('whatever is claimed, the causes are not negative and their sum is the wall time', () => {
  fc.assert(
    fc.property(evidence, (given) => {
      const { split: parts } = sweep(given);
      const values = CAUSES.map((cause) => parts[cause]);
      expect(values.every((ms) => ms >= 0)).toBe(true);
      const wall = Math.max(0, given.endMs - given.startMs);
      expect(Math.abs(values.reduce((total, ms) => total + ms, 0) - wall)).toBeLessThan(1e-9);
    }),
    runs(500),
  );
});

test('no cause gets more than was told of it', () => {
  fc.assert(
    fc.property(evidence, (given) => {
      const { split: parts } = sweep(given);
      const told = (cause: Cause): number => {
        let ms = 0;
        for (const one of given.claims) {
          const is = one.wait === 'blocked_loop' && one.isOwn ? 'own_turn' : one.wait;
          if ((is === 'filesystem_sync' ? 'filesystem' : is) !== cause || !(one.amountMs > 0)) continue;
          const length = Math.min(one.endMs, given.endMs) - Math.max(one.startMs, given.startMs);
          const most = Number.isFinite(one.endMs - one.startMs) ? Math.min(length, one.amountMs) : 0;
          ms += Math.max(0, most);
        }
        return ms;
      };
      for (const cause of CAUSES) {
        if (cause === 'busy_loop' || cause === 'cpu' || cause === 'unexplained') continue;
        expect(parts[cause]).toBeLessThanOrEqual(told(cause) + 1e-9);
      }
    }),
    runs(300),
  );
});

test('a turn gives way to what the request waited for then and for longer, not to what was there by its end', () => {
  const own = claim('blocked_loop', 20, 70, { isOwn: true });
  expect(split(100, { claims: [own, claim('pool', 30, 90)] })).toEqual({ own_turn: 10, pool: 60, unexplained: 30 });
  expect(split(100, { claims: [own, claim('child_service', 30, 74)] })).toEqual({
    own_turn: 50,
    child_service: 4,
    unexplained: 46,
  });
  // Of an amount, not the same part twice: half of what was waited while the turn ran, and half of what was waited after.
  const part = claim('blocked_loop', 20, 70, { isOwn: true, amountMs: 20 });
  const half = claim('child_service', 20, 80, { amountMs: 30 });
  expect(split(100, { claims: [part, half] })).toEqual({ own_turn: 20, child_service: 30, unexplained: 50 });
  const unknown = claim('blocked_loop', 20, 70);
  expect(split(100, { claims: [unknown, claim('pool', 0, 100)] })).toEqual({ pool: 100 });
  const others = claim('blocked_loop', 20, 70, { culprit: other });
  expect(split(100, { claims: [others, claim('pool', 0, 100)] })).toEqual({ pool: 50, blocked_loop: 50 });
});

test('a cause of higher rank is never shortened by one of lower rank, where turns are of others', () => {
  fc.assert(
    fc.property(evidence, fc.nat(RANKED.length - 2), (given, rank) => {
      const quiet = { ...given, claims: given.claims.filter(({ isOwn }) => !isOwn), busy: [], cpu: [] };
      const above = new Set<string>(RANKED.slice(0, rank + 1));
      const alone = sweep({ ...quiet, claims: quiet.claims.filter(({ wait }) => above.has(wait)) }).split;
      const all = sweep(quiet).split;
      for (const cause of CAUSES) {
        if (!above.has(cause)) continue;
        expect(Math.abs(all[cause] - alone[cause])).toBeLessThan(
          cause === 'filesystem' ? Number.POSITIVE_INFINITY : 1e-9,
        );
      }
    }),
    runs(300),
  );
});

test('moving everything in time changes nothing', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(100), fc.nat(100), fc.constantFrom(...RANKED)), { maxLength: 20 }),
      fc.integer({ min: -1000, max: 1000 }),
      (spans, shift) => {
        const at = (by: number) =>
          sweep({
            startMs: by,
            endMs: 100 + by,
            claims: spans.map(([start, length, wait]) => claim(wait, start + by, start + length + by)),
            busy: [],
            cpu: [],
            wokenMs: [],
          });
        expect(at(shift)).toEqual(at(0));
      },
    ),
    runs(200),
  );
});
