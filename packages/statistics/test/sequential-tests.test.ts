import fc from 'fast-check';
import { Cusum, PageHinkley } from '../src/index.ts';
import { chanceOf } from './families.ts';
import { runs, SEED } from './seed.ts';

beforeAll(() => console.log(`seed ${SEED}`));

/** Montgomery, Introduction to Statistical Quality Control, table 9.1: the mean is 10, and 11 from the 21st on. */
const MONTGOMERY = [
  9.45, 7.99, 9.29, 11.66, 12.16, 10.18, 8.04, 11.46, 9.2, 10.34, 9.03, 11.47, 10.51, 9.4, 10.08, 9.37, 10.62, 10.31,
  8.52, 10.84, 10.9, 9.33, 12.29, 11.5, 10.6, 11.08, 10.38, 11.62, 11.31, 10.52,
];

describe('CUSUM', () => {
  it('gives the sums of the textbook and tells at the 29th value', () => {
    const cusum = new Cusum({ target: 10, standardDeviation: 1 });
    const shifts = MONTGOMERY.map((value) => ({ shift: cusum.update(value), upper: cusum.upper }));
    expect(shifts.findIndex(({ shift }) => shift !== 0)).toBe(28);
    expect(shifts[27]!.upper).toBeCloseTo(4.47, 10);
    expect(shifts[28]!.upper).toBeCloseTo(5.28, 10);
    expect(shifts[29]!.upper).toBeCloseTo(5.3, 10);
  });

  it('mirrors: falling values give the lower sum what rising ones give the upper', () => {
    const up = new Cusum({ target: 0, standardDeviation: 2 });
    const down = new Cusum({ target: 0, standardDeviation: 2 });
    const { normal } = chanceOf(1);
    for (let i = 0; i < 100; i++) {
      const value = normal() + 0.5;
      expect(up.update(value)).toBe(-down.update(-value) + 0);
    }
    expect(up.upper).toBe(down.lower);
    up.reset();
    expect(up).toMatchObject({ upper: 0, lower: 0, shift: 0 });
  });

  it('ignores what is not finite and survives being saved', () => {
    const cusum = new Cusum({ target: 10, standardDeviation: 1 });
    for (const value of [...MONTGOMERY, Number.NaN, Number.POSITIVE_INFINITY]) cusum.update(value);
    const copy = Cusum.fromState(JSON.parse(JSON.stringify(cusum.toState())));
    expect(copy.upper).toBeCloseTo(5.3, 10);
    expect(copy.toState()).toEqual(cusum.toState());
  });

  it('refuses bad options and states', () => {
    expect(() => new Cusum({ target: 0, standardDeviation: 0 })).toThrow('Cusum: standardDeviation must be');
    expect(() => new Cusum({ target: Number.NaN, standardDeviation: 1 })).toThrow('target');
    expect(() => new Cusum({ target: 0, standardDeviation: 1, slack: -1 })).toThrow('slack');
    expect(() => new Cusum({ target: 0, standardDeviation: 1, threshold: 0 })).toThrow('threshold');
    const state = new Cusum({ target: 0, standardDeviation: 1 }).toState();
    expect(() => Cusum.fromState({ ...state, upper: -1 })).toThrow('upper must be');
    expect(() => Cusum.fromState({ ...state, version: 2 as never })).toThrow('version must be 1, got 2');
  });
});

describe('Page and Hinkley', () => {
  const step = (seed: number, to: number): number[] => {
    const { normal } = chanceOf(seed);
    return Array.from({ length: 400 }, (_, i) => (i < 300 ? 0 : to) + normal());
  };

  it.each([
    [3, 1],
    [-3, -1],
  ])('tells a step by %d as %d, soon after it', (to, direction) => {
    const test = new PageHinkley({ tolerance: 0.5, threshold: 20 });
    const changes = step(2, to).map((value) => test.update(value));
    const at = changes.findIndex((change) => change !== 0);
    expect(changes[at]).toBe(direction);
    expect(at).toBeGreaterThanOrEqual(300);
    expect(at).toBeLessThan(315);
  });

  it('starts anew after a change', () => {
    const test = new PageHinkley({ tolerance: 0.5, threshold: 20 });
    for (const value of step(3, 5)) test.update(value);
    expect(test.change).toBe(0);
    expect(test.toState().count).toBeLessThan(110);
  });

  it('saved and continued equals never having been saved', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(399), (seed, cut) => {
        const never = new PageHinkley({ tolerance: 0.1, threshold: 10 });
        let saved = new PageHinkley({ tolerance: 0.1, threshold: 10 });
        for (const [i, value] of step(seed, 2).entries()) {
          if (i === cut) saved = PageHinkley.fromState(JSON.parse(JSON.stringify(saved.toState())));
          expect(saved.update(value)).toBe(never.update(value));
        }
      }),
      runs(20),
    );
  });

  it('ignores what is not finite, refuses bad options and states', () => {
    const test = new PageHinkley();
    expect(test.update(Number.NaN)).toBe(0);
    expect(test.toState()).toMatchObject({ count: 0, rise: 0 });
    expect(() => new PageHinkley({ threshold: 0 })).toThrow('PageHinkley: threshold must be');
    expect(() => new PageHinkley({ tolerance: -1 })).toThrow('tolerance');
    expect(() => PageHinkley.fromState({ ...test.toState(), rise: Number.NaN })).toThrow('rise must be');
  });
});
