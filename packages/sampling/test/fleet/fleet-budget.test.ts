import fc from 'fast-check';
import { leaseOf } from '../../src/fleet/lease.ts';
import { countsOf, loadOf } from '../../src/fleet/load.ts';
import { MemoryStore } from '../../src/fleet/memory-store.ts';
import type { FleetCounts } from '../../src/fleet/types.ts';
import { runs, SEED } from '../seed.ts';
import { demandOf, SimulatedFleet } from './simulated-fleet.ts';

const BUDGET = 100;

function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function fleet(): SimulatedFleet {
  return new SimulatedFleet(BUDGET, generator(SEED));
}

const loads = fc.array(
  fc.dictionary(
    fc.constantFrom('a', 'b', 'c', 'd', '__proto__', 'constructor'),
    fc.double({ min: 0, max: 1e5, noNaN: true }),
  ),
  { minLength: 1, maxLength: 12 },
);

describe('the lease of a member', () => {
  test('all leases add up to the budget, and to a twentieth more at most', () => {
    fc.assert(
      fc.property(loads, fc.double({ min: 0, max: 1, noNaN: true }), (given, uniformity) => {
        const told = given.map((load) => countsOf(demandOf(load, BUDGET)));
        const sums = new Map<string, number>();
        for (const counts of told) for (const [field, n] of counts) sums.set(field, (sums.get(field) ?? 0) + n);
        const all = loadOf(sums);
        const leases = told.map((counts) => leaseOf(loadOf(counts), all, { budget: BUDGET, uniformity }));
        const sum = leases.reduce((a, b) => a + b, 0);
        expect(sum).toBeGreaterThanOrEqual(0.999 * BUDGET);
        expect(sum).toBeLessThanOrEqual(1.0501 * BUDGET);
        for (const lease of leases) expect(lease).toBeGreaterThan(0);
      }),
      runs(200),
    );
  });

  test('is in proportion to the load where the keys are the same', () => {
    const [own, other] = [
      { a: 300, b: 30 },
      { a: 100, b: 10 },
    ].map((load) => countsOf(demandOf(load, BUDGET)));
    const all = loadOf(new Map([...(own as FleetCounts)].map(([field, n]) => [field, n + (other?.get(field) ?? 0)])));
    const lease = leaseOf(loadOf(own as FleetCounts), all, { budget: BUDGET, uniformity: 0.5 });
    expect(lease).toBeCloseTo(75, 1);
  });

  test('pays for sampled parents first', () => {
    const demand = { ...demandOf({ a: 1000 }, BUDGET), unplanned: 40 };
    const own = loadOf(countsOf(demand));
    expect(leaseOf(own, own, { budget: BUDGET, uniformity: 0.5 })).toBeCloseTo(100, 5);
    const storm = loadOf(countsOf({ ...demand, unplanned: 1e6 }));
    expect(leaseOf(storm, storm, { budget: BUDGET, uniformity: 0.5 })).toBeLessThanOrEqual(1.05 * BUDGET);
  });
});

describe('garbage in a bucket', () => {
  test.each([
    [
      'a negative count',
      [
        ['n', 1],
        ['u', -5],
      ],
    ],
    [
      'NaN',
      [
        ['n', 1],
        ['u', Number.NaN],
      ],
    ],
    ['a fraction', [['n', 1.5]]],
    [
      'an unknown field',
      [
        ['n', 1],
        ['__proto__', 3],
      ],
    ],
    ['counts of nobody', [['u', 5]]],
    ['too many processes', [['n', 1e9]]],
  ] as [string, [string, number][]][])('%s is refused', (_, entries) => {
    expect(() => loadOf(new Map(entries))).toThrow(expect.objectContaining({ reason: 'garbage' }));
  });

  test('any map gives a load or is refused', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.oneof(fc.integer(), fc.double()))), (entries) => {
        try {
          expect(loadOf(new Map(entries)).processes).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(error).toMatchObject({ reason: 'garbage' });
        }
      }),
      runs(300),
    );
  });
});

describe('a fleet', () => {
  test('shares the budget by load within two exchanges, and follows a shift of load', async () => {
    const self = fleet();
    const [busy, other] = [self.join({ a: 900, b: 90 }), self.join({ a: 100, b: 10 })];
    await self.run(15);
    expect(busy?.lease).toBeCloseTo(90, 0);
    expect(other?.lease).toBeCloseTo(10, 0);
    busy.load = { a: 100, b: 10 };
    other.load = { a: 900, b: 90 };
    await self.run(10);
    expect(other?.lease).toBeCloseTo(90, 0);
  });

  test('a member alone gets the whole budget after one exchange, and a part before', async () => {
    const self = fleet();
    const only = self.join({ a: 1000 });
    await self.run(0);
    expect(only.lease).toBe(10);
    await self.run(12);
    expect(only.lease).toBeCloseTo(BUDGET, 5);
  });

  test('members that join take no more than a tenth of the budget before the others know of them', async () => {
    const self = fleet();
    for (let i = 0; i < 8; i += 1) self.join({ a: 1000 });
    await self.run(20);
    for (let i = 0; i < 8; i += 1) self.join({ a: 1000 });
    await self.run(1);
    expect(self.sum).toBeLessThan(1.1 * BUDGET);
    await self.run(20, () => expect(self.sum).toBeLessThan(1.15 * BUDGET));
    expect(self.sum).toBeCloseTo(BUDGET, 0);
  });

  test('a store that is down leaves every member with an equal part, and nobody with more', async () => {
    const self = fleet();
    for (let i = 0; i < 8; i += 1) self.join({ a: i === 0 ? 5000 : 100 });
    await self.run(20);
    for (const member of self.members) member.isCut = true;
    await self.run(60, () => expect(self.sum).toBeLessThan(1.1 * BUDGET));
    for (const { lease, failures } of self.members) {
      expect(lease).toBeCloseTo(BUDGET / 8, 1);
      expect(new Set(failures)).toEqual(new Set(['error']));
    }
    // What it held is gone when it comes back, at another moment for each member.
    self.store = new MemoryStore();
    for (const member of self.members) {
      member.isCut = false;
      await self.run(1, () => expect(self.sum).toBeLessThan(1.15 * BUDGET));
    }
    await self.run(20, () => expect(self.sum).toBeLessThan(1.15 * BUDGET));
    expect(self.members[0]?.lease).toBeGreaterThan(BUDGET / 2);
  });

  test('one member that is cut off keeps no more than an equal part on top', async () => {
    const self = fleet();
    for (let i = 0; i < 8; i += 1) self.join({ a: 1000 });
    await self.run(20);
    (self.members[3] as { isCut: boolean }).isCut = true;
    await self.run(120, () => expect(self.sum).toBeLessThanOrEqual(1.126 * BUDGET));
    expect(self.members[3]?.lease).toBeCloseTo(BUDGET / 8, 1);
  });

  test('garbage, lost numbers and a clock that jumps are failures with names', async () => {
    const self = fleet();
    const member = self.join({ a: 1000 });
    await self.run(20);
    const { store } = self;
    self.store = { add: (bucket, counts) => store.add(bucket, counts, 0), read: async () => new Map([['n', -1]]) };
    await self.run(10);
    self.store = { add: async () => {}, read: async () => new Map([['n', 1]]) };
    await self.run(10);
    self.store = store;
    await self.run(4.2);
    self.skewMs -= 3_600_000;
    await self.run(20);
    expect(new Set(member.failures)).toEqual(new Set(['garbage', 'lost', 'late']));
    expect(member.lease).toBeCloseTo(BUDGET, 5);
  });

  test('a store that hangs is asked once and no more until it answers', async () => {
    const self = fleet();
    let asked = 0;
    const release: (() => void)[] = [];
    const member = self.join({ a: 1000 });
    await self.run(20);
    const { store } = self;
    const hang = (): Promise<never> => {
      asked += 1;
      return new Promise((_, reject) => release.push(() => reject(new Error('closed'))));
    };
    self.store = { add: hang, read: hang };
    await self.run(20);
    expect(asked).toBe(1);
    expect(member.failures).toContain('timeout');
    self.store = store;
    for (const free of release) free();
    await self.run(20);
    expect(member.lease).toBeCloseTo(BUDGET, 5);
  });

  test('holds its budget through random loads, cuts and members that come and go', async () => {
    const random = generator(SEED + 1);
    const self = new SimulatedFleet(BUDGET, random);
    for (let i = 0; i < 10; i += 1) self.join({ a: 10_000 * random() ** 4, b: 100 * random() });
    await self.run(20);
    for (let step = 0; step < 40; step += 1) {
      const member = self.members[Math.floor(random() * self.members.length)];
      if (member === undefined) continue;
      if (random() < 0.7) member.load = { a: 10_000 * random() ** 4, b: 100 * random(), c: 50 * random() };
      else if (random() < 0.5) self.join({ a: 1000 * random() });
      else if (self.members.length > 8) member.stop();
      await self.run(5, () => expect(self.sum).toBeLessThan(1.15 * BUDGET));
    }
  });
});
