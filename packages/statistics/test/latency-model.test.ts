import fc from 'fast-check';
import { LATENCY_PROBABILITY, LatencyModel } from '../src/index.ts';
import { chanceOf } from './families.ts';
import { runs, SEED } from './seed.ts';

beforeAll(() => console.log(`seed ${SEED}`));

const { next, normal } = chanceOf(SEED);
const SHAPES: Readonly<Record<string, () => number>> = {
  'log-normal': () => Math.exp(-6 + normal()),
  'wide log-normal': () => Math.exp(2 * normal()),
  exponential: () => -Math.log(1 - next()),
  Pareto: () => (1 - next()) ** (-1 / 1.5),
  normal: () => 100 + 10 * normal(),
  bimodal: () => (next() < 0.995 ? 1 + next() : 50 * (1 + next())),
};
const COUNT = process.env.SONDE_TEST_LONG === '1' ? 5_000_000 : 400_000;

// long: five million values of each shape
it.each(Object.keys(SHAPES))('flags a share within 2x of 1e-4 of stationary latencies: %s', (shape) => {
  const model = new LatencyModel();
  const draw = SHAPES[shape]!;
  for (let i = 0; i < 200_000; i++) model.record(draw());
  let flagged = 0;
  for (let i = 0; i < COUNT; i++) if (model.record(draw())) flagged++;
  const share = flagged / COUNT / LATENCY_PROBABILITY;
  expect(share).toBeGreaterThan(0.5);
  expect(share).toBeLessThan(2);
});

it('flags nothing before its first fit, then what is far beyond', () => {
  const model = new LatencyModel();
  const flags = Array.from({ length: 1023 }, () => model.record(Math.exp(normal())));
  expect(flags).not.toContain(true);
  expect(model.record(1e6)).toBe(false);
  expect(model.threshold).toBeLessThan(1e6);
  expect(model.record(1e6)).toBe(true);
});

it('forgets a generation: a new level is the usual one after 40,000 values', () => {
  const model = new LatencyModel();
  for (let i = 0; i < 50_000; i++) model.record(Math.exp(normal()));
  const before = model.threshold;
  for (let i = 0; i < 60_000; i++) model.record(1000 * Math.exp(normal()));
  expect(model.threshold / before).toBeGreaterThan(300);
  expect(model.quantile(0.5)).toBeGreaterThan(900);
  expect(model.count).toBeLessThanOrEqual(41_000);
});

it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, -1e-300])(
  'counts %d as invalid and changes nothing else',
  (latency) => {
    const model = new LatencyModel();
    expect(model.record(latency)).toBe(false);
    expect(model).toMatchObject({ count: 0, invalidCount: 1 });
  },
);

it('takes zeros and tiny values', () => {
  const model = new LatencyModel();
  for (let i = 0; i < 5000; i++) model.record(i % 2 === 0 ? 0 : Number.MIN_VALUE);
  expect(model).toMatchObject({ count: 5000, invalidCount: 0 });
});

it('covers values that are 2^60 apart', () => {
  const model = new LatencyModel();
  for (let i = 0; i < 30_000; i++) model.record(i === 0 ? 2 ** -30 : i === 15_000 ? 2 ** 30 : 1 + next());
  expect(model.threshold).toBeGreaterThan(1.9);
  expect(model.quantile(1)).toBeGreaterThan(2 ** 29);
});

it('tells how probable a latency is, falling with it', () => {
  const model = new LatencyModel();
  expect(model.tailProbability(5)).toBe(1);
  for (let i = 0; i < 20_000; i++) model.record(Math.exp(normal()));
  const probabilities = [0.1, 10, 20, 40, 80, 1e9].map((latency) => model.tailProbability(latency));
  expect(probabilities[0]).toBe(1);
  for (let i = 1; i < probabilities.length; i++) expect(probabilities[i]!).toBeLessThanOrEqual(probabilities[i - 1]!);
  expect(model.tailProbability(model.threshold)).toBeGreaterThan(LATENCY_PROBABILITY / 10);
});

it('quantiles never fall, and are within 1.6 % of the exact ones', () => {
  const model = new LatencyModel();
  const values = Array.from({ length: 10_001 }, () => Math.exp(normal()));
  for (const value of values) model.record(value);
  const sorted = values.toSorted((a, b) => a - b);
  for (const q of [0.01, 0.1, 0.5, 0.9, 0.99]) {
    const exact = sorted[Math.ceil(q * values.length) - 1]!;
    expect(Math.abs(model.quantile(q) / exact - 1)).toBeLessThan(0.016);
  }
  expect(new LatencyModel().quantile(0.5)).toBeNaN();
});

describe('a state', () => {
  it('saved, restored through JSON and continued equals never having been saved', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 24_000 }), (seed, cut) => {
        const chance = chanceOf(seed);
        const never = new LatencyModel();
        let saved = new LatencyModel();
        for (let i = 0; i < 25_000; i++) {
          if (i === cut) saved = LatencyModel.fromState(JSON.parse(JSON.stringify(saved.toState())));
          const latency = Math.exp(chance.normal());
          if (saved.record(latency) !== never.record(latency)) throw new Error(`differs at ${i}`);
        }
        expect(saved.toState()).toEqual(never.toState());
      }),
      runs(10),
    );
  });

  const good = new LatencyModel().toState();
  it.each([
    [7, 'must be an object, got 7'],
    [{ ...good, version: 0 }, 'version must be 1, got 0'],
    [{ ...good, offset: 0.5 }, 'offset must be a whole number'],
    [{ ...good, current: 'x' }, 'current must be a list'],
    [{ ...good, current: [[0]] }, 'current[0] must be a pair'],
    [{ ...good, previous: [[768, 1]] }, 'previous[0][0] must be a whole number from 0 to 767, got 768'],
    [{ ...good, previous: [[0, -1]] }, 'previous[0][1] must be'],
    [{ ...good, untilRefit: 0 }, 'untilRefit must be'],
    [{ ...good, correction: 9 }, 'correction must be a number from -8 to 8, got 9'],
    [{ ...good, tail: null }, 'tail: must be an object'],
    [{ ...good, tail: { start: 1, share: 2, index: 1 } }, 'tail.share must be'],
  ])('that is broken is refused: %#', (state, words) => {
    expect(() => LatencyModel.fromState(state as never)).toThrow(words);
  });
});
