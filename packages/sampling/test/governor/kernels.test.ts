import fc from 'fast-check';
import { chance } from '../../bench/simulation/random.ts';
import { BatchCostEstimate, CostEstimate } from '../../src/governor/cost-estimate.ts';
import { EmergencySwitch } from '../../src/governor/emergency-switch.ts';
import { RecentRate } from '../../src/governor/recent-rate.ts';
import { SampledCounter } from '../../src/governor/sampled-counter.ts';
import { runs, SEED } from '../seed.ts';

describe('an estimated cost', () => {
  test('is the mean of what was measured, whatever was guessed before and however costs are spread', () => {
    const costs = fc.array(fc.double({ min: 1e-4, max: 1, noNaN: true }), { minLength: 1, maxLength: 10 });
    const guess = fc.double({ min: 1e-5, max: 10, noNaN: true });
    fc.assert(
      fc.property(costs, guess, (values, first) => {
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        // What lies eight times above the estimate counts less, by intention, which a low guess makes slow to learn from.
        fc.pre(Math.max(...values) < 6 * mean);
        const estimate = new CostEstimate(first);
        let sum = 0;
        for (let i = 0; i < 4000; i += 1) {
          estimate.add(values[i % values.length] as number);
          if (i >= 2000) sum += estimate.value;
        }
        expect(sum / 2000 / mean).toBeCloseTo(1, 2);
      }),
      runs(50),
    );
  });

  test('keeps negative samples of a noisy clock, is never negative itself, and ignores what is no number', () => {
    const estimate = new CostEstimate(1e-3);
    for (let i = 0; i < 3000; i += 1) estimate.add(i % 2 === 0 ? 3e-3 : -1e-3);
    expect(estimate.value).toBeCloseTo(1e-3, 4);
    for (const nonsense of [Number.NaN, Number.POSITIVE_INFINITY]) estimate.add(nonsense);
    expect(estimate.value).toBeCloseTo(1e-3, 4);
    for (let i = 0; i < 3000; i += 1) estimate.add(-1);
    expect(estimate.value).toBe(0);
    for (let i = 0; i < 3000; i += 1) estimate.add(5e-3);
    expect(estimate.value).toBeCloseTo(5e-3, 5);
  });

  test('a pause of the machine moves it by an eighth at most', () => {
    const estimate = new CostEstimate(1e-3);
    for (let i = 0; i < 1000; i += 1) estimate.add(1e-3);
    estimate.add(5000);
    expect(estimate.value).toBeLessThan(1.125e-3);
  });

  test('of batches weighs long ones more', () => {
    const estimate = new BatchCostEstimate(1, 10);
    for (let i = 0; i < 500; i += 1) {
      estimate.add(300, 100);
      estimate.add(10, 1);
    }
    expect(estimate.value).toBeCloseTo(310 / 101, 1);
    estimate.add(Number.NaN, 5);
    estimate.add(5, 0);
    expect(estimate.value).toBeCloseTo(310 / 101, 1);
  });
});

test('of each call of a period one is picked as often as another, one in 256, and all are counted', () => {
  const counter = new SampledCounter(chance(SEED).next);
  const picked = new Float64Array(16);
  const calls = 2_000_000;
  for (let i = 0; i < calls; i += 1) if (!counter.skips()) picked[i % 16] = (picked[i % 16] as number) + 1;
  expect(counter.count).toBe(calls);
  const total = picked.reduce((sum, count) => sum + count, 0);
  expect(Math.abs(total - calls / 256)).toBeLessThan(400);
  const mean = total / 16;
  for (const count of picked) expect(Math.abs(count - mean)).toBeLessThan(6 * Math.sqrt(mean));
});

test('random numbers at either end do not stop the counter', () => {
  for (const value of [0, 1, 0.999_999_999]) {
    const counter = new SampledCounter(() => value);
    for (let i = 0; i < 10_000; i += 1) counter.skips();
    expect(counter.count).toBe(10_000);
  }
});

test('the rate of batches is steady although they come each five seconds, and quick where they come often', () => {
  const rate = new RecentRate();
  const seen: number[] = [];
  for (let second = 1; second <= 40; second += 1) {
    const batches = Math.floor(second / 5);
    seen.push(rate.next(batches * 50, batches, 1));
  }
  expect(new Set(seen.slice(10))).toEqual(new Set([10]));
  const total = { items: 400, calls: 8 };
  expect(rate.next(total.items + 5000, total.calls + 10, 1)).toBe(5000);
});

describe('the emergency switch', () => {
  const calm = { loop: 0.1, heap: 0.1, queue: 0 };

  test.each([
    ['heap', { heap: 0.9 }, { heap: 0.89 }],
    ['queue', { queue: 0.9 }, { queue: 0.89 }],
  ])('goes on with a %s nine tenths full', (_, full, less) => {
    const emergency = new EmergencySwitch();
    emergency.look({ ...calm, ...less }, 0);
    expect(emergency.isOn).toBe(false);
    emergency.look({ ...calm, ...full }, 1000);
    expect([emergency.isOn, emergency.count]).toEqual([true, 1]);
  });

  test('goes on with a loop that is busy at two looks running, not with one long block', () => {
    const emergency = new EmergencySwitch();
    for (const loop of [0.96, 0.5, 1, 0.94]) {
      emergency.look({ ...calm, loop }, 0);
      expect(emergency.isOn).toBe(false);
    }
    emergency.look({ ...calm, loop: 0.95 }, 0);
    emergency.look({ ...calm, loop: 0.95 }, 0);
    expect(emergency.isOn).toBe(true);
  });

  test('goes off below three quarters of everything, after ten seconds', () => {
    const emergency = new EmergencySwitch();
    emergency.look({ ...calm, heap: 0.95 }, 100_000);
    emergency.look(calm, 109_999);
    emergency.look({ ...calm, queue: 0.76 }, 120_000);
    expect(emergency.isOn).toBe(true);
    emergency.look({ ...calm, queue: 0.75 }, 121_000);
    expect(emergency.isOn).toBe(false);
  });

  test('between the two levels it stays as it is, and a clock that goes back holds it ten seconds more at most', () => {
    const emergency = new EmergencySwitch();
    emergency.look({ ...calm, heap: 0.8 }, 0);
    expect(emergency.isOn).toBe(false);
    emergency.look({ ...calm, heap: 0.9 }, 4_000_000);
    emergency.look(calm, 400_000);
    expect(emergency.isOn).toBe(true);
    emergency.look(calm, 410_000);
    expect([emergency.isOn, emergency.count]).toEqual([false, 1]);
  });
});
