import fc from 'fast-check';
import { logarithmicRates } from '../bench/simulation/peers.ts';
import { DistinctCounters } from '../src/distinct-counters.ts';
import { KeyHash } from '../src/key-hash.ts';
import { KeyTable } from '../src/key-table.ts';
import { isChange, nextRate } from '../src/rate-estimate.ts';
import { waterFill } from '../src/water-fill.ts';
import { runs } from './seed.ts';

describe('sharing a budget', () => {
  const entry = fc.record({
    rate: fc.double({ min: 1e-6, max: 1e5, noNaN: true }),
    cost: fc.double({ min: 0.5, max: 100, noNaN: true }),
    weight: fc.double({ min: 1, max: 100, noNaN: true }),
  });
  const entries = fc.array(entry, { minLength: 1, maxLength: 40 });
  const budgets = fc.double({ min: 0.01, max: 1e6, noNaN: true });
  const uniformities = fc.constantFrom(0, 0.2, 0.5, 0.9, 1);

  function share(
    given: { rate: number; cost: number; weight: number }[],
    budget: number,
    uniformity: number,
  ): number[] {
    const column = (name: 'rate' | 'cost' | 'weight'): Float64Array => Float64Array.from(given, (one) => one[name]);
    const probability = new Float64Array(given.length);
    const demands = {
      length: given.length,
      rate: column('rate'),
      cost: column('cost'),
      weight: column('weight'),
      probability,
    };
    waterFill(demands, budget, uniformity);
    return [...probability];
  }

  test('spends the budget, or keeps everything', () => {
    fc.assert(
      fc.property(entries, budgets, uniformities, (given, budget, uniformity) => {
        const probability = share(given, budget, uniformity);
        const demand = given.reduce((total, { rate, cost }) => total + rate * cost, 0);
        const spent = given.reduce((total, { rate, cost }, i) => total + rate * cost * probability[i]!, 0);
        expect(spent / Math.min(budget, demand)).toBeCloseTo(1, 6);
        for (const p of probability) expect(p > 0 && p <= 1).toBe(true);
      }),
      runs(300),
    );
  });

  test('uniformity 1 is one probability for all, 0 one number of kept traces for all that have so many', () => {
    fc.assert(
      fc.property(entries, budgets, (given, budget) => {
        const alike = given.map((one) => ({ ...one, weight: 1 }));
        const uniform = share(alike, budget, 1);
        for (const p of uniform) expect(p).toBeCloseTo(uniform[0]!, 9);
        const fair = share(alike, budget, 0);
        const most = Math.max(...alike.map(({ rate }, i) => rate * fair[i]!));
        alike.forEach(({ rate }, i) => {
          if (fair[i]! < 1) expect((rate * fair[i]!) / most).toBeCloseTo(1, 6);
        });
      }),
      runs(300),
    );
  });

  test('a busier key never has a higher probability', () => {
    fc.assert(
      fc.property(entries, budgets, uniformities, (given, budget, uniformity) => {
        const sorted = given.map((one) => ({ ...one, weight: 1 })).sort((a, b) => a.rate - b.rate);
        const probability = share(sorted, budget, uniformity);
        for (let i = 1; i < probability.length; i += 1) {
          expect(probability[i]!).toBeLessThanOrEqual(probability[i - 1]! * (1 + 1e-12));
        }
      }),
      runs(200),
    );
  });
});

test('the table finds what a Map finds, through admissions, evictions and renamings', () => {
  const command = fc.tuple(fc.constantFrom('admit', 'evict', 'rename'), fc.nat(40), fc.nat(40));
  fc.assert(
    fc.property(fc.array(command, { maxLength: 300 }), (commands) => {
      const table = new KeyTable(16, 1);
      const model = new Map<number, number>();
      for (const [what, key, other] of commands) {
        const slot = model.get(key);
        if (what === 'admit' && slot === undefined) {
          const admitted = table.admit(key & 3, key);
          if (admitted >= 0) model.set(key, admitted);
        } else if (what === 'evict' && slot !== undefined) {
          table.evict(slot);
          model.delete(key);
        } else if (what === 'rename' && slot !== undefined && !model.has(other)) {
          table.rename(slot, other & 3, other);
          model.delete(key);
          model.set(other, slot);
        }
        expect(table.used).toBe(model.size);
        for (let k = 0; k <= 40; k += 1) expect(table.find(k & 3, k)).toBe(model.get(k) ?? -1);
      }
    }),
    runs(60),
  );
});

test('distinct keys are counted within a fifth up to a thousand, and forgotten after two periods', () => {
  const hash = new KeyHash(() => 0.3);
  for (const count of [1, 30, 300, 1000]) {
    const distinct = new DistinctCounters(2);
    for (let i = 0; i < 3 * count; i += 1) {
      hash.begin(1);
      hash.text(`operation ${i % count}`);
      hash.end();
      distinct.add(1, hash.low);
    }
    expect(distinct.estimate(1) / count).toBeGreaterThan(0.8);
    expect(distinct.estimate(1) / count).toBeLessThan(1.2);
    expect(distinct.estimate(0)).toBe(0);
    distinct.rotate();
    expect(distinct.estimate(1)).toBeGreaterThan(0);
    distinct.rotate();
    expect(distinct.estimate(1)).toBe(0);
  }
});

test('a rate follows a change at once and noise slowly', () => {
  expect(nextRate(100, 1000, 1, 5)).toBe(1000);
  expect(nextRate(100, 10, 1, 5)).toBe(10);
  expect(nextRate(100, 110, 1, 5)).toBeCloseTo(101.8, 1);
  expect([isChange(100, 130), isChange(100, 131), isChange(0, 3), isChange(0, 4)]).toEqual([false, true, false, true]);
});

test('the peer EMAThroughput gives the rates that dynsampler is known for, the last within 3 %', () => {
  const counts = new Map(Array.from({ length: 8 }, (_, n) => [n, 3 ** n]));
  const rates = [...logarithmicRates(counts, 100).values()];
  expect(rates.slice(0, 7)).toEqual([1, 1, 2, 3, 6, 13, 31]);
  expect(Math.abs(rates[7]! - 77) / 77).toBeLessThan(0.03);
});
