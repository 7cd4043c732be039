import fc from 'fast-check';
import { chance } from '../../bench/simulation/random.ts';
import { RecordedFraction } from '../../src/governor/recorded-fraction.ts';
import { runs, SEED } from '../seed.ts';

/** A service: what every span costs, what all recorded ones would, and what is recorded whatever the fraction, a second. */
interface Plant {
  readonly base: number;
  readonly recorded: number;
  readonly kept?: number;
}

function second(fraction: RecordedFraction, { base, recorded, kept = 0 }: Plant, target: number): number {
  const variable = kept + fraction.value * recorded;
  fraction.step({ base, variable }, target, true);
  return base + variable;
}

function run(fraction: RecordedFraction, plant: Plant, target: number, seconds: number): number[] {
  return Array.from({ length: seconds }, () => second(fraction, plant, target));
}

const TARGET = 0.01;
const CALM: Plant = { base: 0.0005, recorded: 0.005 };
const BUSY: Plant = { base: 0.005, recorded: 0.05 };

describe('the recorded fraction', () => {
  test('is one while there is room', () => {
    const fraction = new RecordedFraction();
    run(fraction, CALM, TARGET, 20);
    expect([fraction.value, fraction.isUnreachable]).toEqual([1, false]);
  });

  test('holds the target within 1.2 from the third second of a tenfold step on, and lets go afterwards', () => {
    const fraction = new RecordedFraction();
    run(fraction, CALM, TARGET, 20);
    const step = run(fraction, BUSY, TARGET, 60);
    expect(step[0]).toBeGreaterThan(5 * TARGET);
    for (const u of step.slice(3)) expect(u).toBeLessThan(1.2 * TARGET);
    // Without scaling what was seen, q falls to a quarter of what it should be and needs ten seconds to come back.
    for (const u of step.slice(3)) expect(u).toBeGreaterThan(0.7 * TARGET);
    for (const u of step.slice(20)) expect(u).toBeCloseTo(TARGET, 3);
    run(fraction, CALM, TARGET, 10);
    expect(fraction.value).toBe(1);
  });

  test('converges from any start, for any costs and targets that can be held', () => {
    const part = fc.double({ min: 0.001, max: 1, noNaN: true });
    fc.assert(
      fc.property(part, part, part, part, (target, base, start, load) => {
        const plant = { base: 0.8 * base * target, recorded: 100 * load * target };
        const fraction = new RecordedFraction();
        run(fraction, { base: 0, recorded: start * 1000 * target }, target, 5);
        const end = run(fraction, plant, target, 150).slice(-50);
        const aim = Math.min(target, plant.base + plant.recorded);
        for (const u of end) expect(Math.abs(u / aim - 1)).toBeLessThan(0.05);
        expect(fraction.isUnreachable).toBe(false);
      }),
      runs(300),
    );
  });

  test('holds the target on average when loads are noisy', () => {
    const noise = chance(SEED).next;
    const fraction = new RecordedFraction();
    let sum = 0;
    for (let i = 0; i < 600; i += 1) {
      const load = 0.5 + noise();
      const u = second(fraction, { base: 0.001 * load, recorded: 0.05 * load }, TARGET);
      if (i >= 100) sum += u;
    }
    expect(sum / 500 / TARGET).toBeGreaterThan(0.8);
    expect(sum / 500 / TARGET).toBeLessThan(1.2);
  });

  test('stays down and says so when the base alone is above the target, and does not oscillate', () => {
    const fraction = new RecordedFraction();
    const noise = chance(SEED + 1).next;
    run(fraction, { base: 0.012, recorded: 0.05 }, TARGET, 10);
    const values = new Set<number>();
    for (let i = 0; i < 200; i += 1) {
      // Just around the target.
      second(fraction, { base: 0.0097 + 0.0008 * noise(), recorded: 0.05 }, TARGET);
      values.add(fraction.value);
      expect([fraction.isBaseAbove, fraction.isUnreachable]).toEqual([true, true]);
    }
    expect([...values]).toEqual([1e-4]);
    run(fraction, CALM, TARGET, 30);
    expect([fraction.value, fraction.isBaseAbove]).toEqual([1, false]);
  });

  test('says so when what the sampler keeps is above the target, and comes back', () => {
    const fraction = new RecordedFraction();
    run(fraction, { base: 0.001, recorded: 0.01, kept: 0.03 }, TARGET, 30);
    expect([fraction.value, fraction.isBaseAbove, fraction.isUnreachable]).toEqual([1e-4, false, true]);
    run(fraction, CALM, TARGET, 30);
    expect([fraction.value, fraction.isUnreachable]).toEqual([1, false]);
  });

  test('does not rise in an emergency, and falls in one', () => {
    const fraction = new RecordedFraction();
    run(fraction, BUSY, TARGET, 20);
    const before = fraction.value;
    for (let i = 0; i < 20; i += 1) fraction.step({ base: 0, variable: 0 }, TARGET, false);
    expect(fraction.value).toBe(before);
    fraction.step({ base: 0, variable: 1 }, TARGET, false);
    expect(fraction.value).toBeLessThan(before);
  });

  test('stays a number between its bounds whatever it is told', () => {
    const any = fc.oneof(fc.double({ min: 0, max: 1e9, noNaN: true }), fc.constant(0), fc.constant(Number.MIN_VALUE));
    const target = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(any, any, target), { maxLength: 50 }), (steps) => {
        const fraction = new RecordedFraction();
        for (const [base, variable, aim] of steps) {
          fraction.step({ base, variable }, aim, true);
          expect(fraction.value).toBeGreaterThanOrEqual(1e-4);
          expect(fraction.value).toBeLessThanOrEqual(1);
          expect(Number.isFinite(fraction.overhead)).toBe(true);
        }
      }),
      runs(300),
    );
  });
});
