import fc from 'fast-check';
import { ANOMALY_THRESHOLD, CHANNEL_NAMES, createDetector, StreamingDetector } from '../src/index.ts';
import { chanceOf } from './families.ts';
import { runs, SEED } from './seed.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const START_MS = Date.UTC(2026, 0, 5);

interface Told {
  readonly index: number;
  readonly score: number;
}

/** Feeds a series and returns where it was anomalous. */
function alertsOf(
  detector: StreamingDetector,
  values: Iterable<number>,
  { stepMs = 5 * MINUTE_MS, startMs = START_MS } = {},
): Told[] {
  const told: Told[] = [];
  let index = 0;
  for (const value of values) {
    detector.update(startMs + index * stepMs, value);
    if (detector.isAnomalous) told.push({ index, score: detector.score });
    index++;
  }
  return told;
}

function noise(count: number, seed: number, { mean = 50, deviation = 2 } = {}): number[] {
  const { normal } = chanceOf(seed);
  return Array.from({ length: count }, () => mean + deviation * normal());
}

beforeAll(() => console.log(`seed ${SEED}`));

describe('what happens in a series', () => {
  it.each([
    ['10 s', 10_000],
    ['1 min', MINUTE_MS],
    ['5 min', 5 * MINUTE_MS],
    ['1 h', HOUR_MS],
  ])('is found within ten points when the level jumps by 20 deviations and stays, at %s', (_, stepMs) => {
    const values = [...noise(4000, 1), ...noise(20, 2, { mean: 90 })];
    const told = alertsOf(new StreamingDetector(), values, { stepMs });
    const found = told.filter(({ index }) => index >= 4000);
    expect(found.length).toBeGreaterThan(0);
    expect(found[0]!.index).toBeLessThanOrEqual(4010);
  });

  it('is told once while it lasts, and again when it becomes much worse', () => {
    const values = [...noise(2000, 1), ...noise(30, 2, { mean: 110 }), ...noise(5, 3, { mean: 5e5 })];
    const told = alertsOf(new StreamingDetector(), values).filter(({ index }) => index >= 2000);
    expect(told.filter(({ index }) => index < 2030).length).toBe(1);
    expect(told.filter(({ index }) => index >= 2030).length).toBeLessThanOrEqual(1);
  });

  it('has an onset, an expected range around the usual values, a reason and a severity', () => {
    const detector = new StreamingDetector();
    alertsOf(detector, noise(2000, 4));
    const at = START_MS + 2000 * 5 * MINUTE_MS;
    detector.update(at, 200);
    expect(detector.isAnomalous).toBe(true);
    expect(detector.score).toBeGreaterThanOrEqual(ANOMALY_THRESHOLD);
    expect(detector.onsetMs).toBe(at);
    expect(detector.expected).toBeGreaterThan(45);
    expect(detector.expected).toBeLessThan(55);
    expect(detector.expectedLower).toBeGreaterThan(35);
    expect(detector.expectedLower).toBeLessThan(detector.expected);
    expect(detector.expectedUpper).toBeGreaterThan(detector.expected);
    expect(detector.expectedUpper).toBeLessThan(65);
    expect(CHANNEL_NAMES).toContain(detector.reason);
    expect(detector.severity).toBe(3);
  });

  it('is no longer news when it comes each day', () => {
    const { normal } = chanceOf(5);
    const values = Array.from({ length: 20 * 288 }, (_, i) => 10 + normal() + (i % 288 === 100 ? 40 : 0));
    const told = alertsOf(new StreamingDetector(), values);
    expect(told.filter(({ index }) => index > 12 * 288)).toEqual([]);
  });

  it('includes the first change after a long constant run', () => {
    const values = [...new Array<number>(500).fill(7), 8];
    expect(alertsOf(new StreamingDetector(), values)).toMatchObject([{ index: 500 }]);
  });

  it('does not include the first event of a sparse counter after a minute of zeros', () => {
    const values = [...new Array<number>(60).fill(0), 1, ...new Array<number>(60).fill(0)];
    expect(alertsOf(new StreamingDetector(), values, { stepMs: 10_000 })).toEqual([]);
  });

  it('includes a night in which the day does not come down, though no value is unusual in itself', () => {
    const { normal } = chanceOf(6);
    const values = Array.from({ length: 15 * 288 }, (_, i) => {
      const isStuck = i >= 14 * 288 && i < 14 * 288 + 200;
      return 50 + (isStuck ? 30 : 30 * Math.cos((2 * Math.PI * i) / 288)) + normal();
    });
    const told = alertsOf(new StreamingDetector(), values).filter(({ index }) => index >= 14 * 288);
    expect(told.length).toBeGreaterThan(0);
  });
});

describe('what time does', () => {
  it('a gap raises nothing when the series goes on as before, or somewhere near', () => {
    const detector = new StreamingDetector();
    alertsOf(detector, noise(2000, 7));
    const after = alertsOf(detector, noise(200, 8), { startMs: START_MS + 2000 * 5 * MINUTE_MS + 2 * DAY_MS });
    expect(after.filter(({ index }) => index < 50)).toEqual([]);
  });

  it('after two months of silence a series starts anew', () => {
    const detector = new StreamingDetector();
    alertsOf(detector, noise(2000, 7));
    const startMs = START_MS + 70 * DAY_MS;
    expect(alertsOf(detector, noise(40, 8, { mean: 9000 }), { startMs })).toEqual([]);
    expect(detector.count).toBe(40);
  });

  it('a clock that stands still or goes back breaks nothing', () => {
    const detector = new StreamingDetector();
    const { next } = chanceOf(9);
    let timeMs = START_MS;
    for (const value of noise(3000, 9)) {
      timeMs += [MINUTE_MS, 0, -MINUTE_MS, 5 * MINUTE_MS][Math.floor(4 * next())]!;
      const score = detector.update(timeMs, value);
      expect(score >= 0 && score <= 1).toBe(true);
    }
    expect(detector.count).toBe(3000);
  });

  it('short hourly series survive their warm-up: a false alarm in fewer than half of them', () => {
    const counts = Array.from(
      { length: 20 },
      (_, i) => alertsOf(new StreamingDetector(), noise(120, 100 + i), { stepMs: HOUR_MS }).length,
    );
    expect(counts.reduce((sum, count) => sum + count, 0)).toBeLessThan(10);
  });

  it('a new level is the usual one after weeks', () => {
    const detector = new StreamingDetector();
    alertsOf(detector, [...noise(3000, 11), ...noise(10 * 288, 12, { mean: 90 })]);
    expect(detector.expected).toBeGreaterThan(80);
  });
});

describe('values', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e151])(
    'like %d change nothing',
    (broken) => {
      const detector = new StreamingDetector();
      const twin = new StreamingDetector();
      for (const [i, value] of noise(500, 13).entries()) {
        expect(detector.update(START_MS + i * MINUTE_MS, broken)).toBe(0);
        detector.update(START_MS + i * MINUTE_MS, value);
        twin.update(START_MS + i * MINUTE_MS, value);
      }
      expect(detector.invalidCount).toBe(500);
      expect({ ...detector.toState(), invalidCount: 0 }).toEqual(twin.toState());
    },
  );

  it('a time that is none changes nothing either', () => {
    const detector = new StreamingDetector();
    expect(detector.update(Number.NaN, 1)).toBe(0);
    expect(detector).toMatchObject({ count: 0, invalidCount: 1 });
  });

  it('of any size and order give scores from 0 to 1', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: false }), { maxLength: 300 }),
        fc.integer({ min: 1, max: 1e7 }),
        (values, stepMs) => {
          const detector = new StreamingDetector();
          for (const [i, value] of values.entries()) {
            const score = detector.update(i * stepMs, value);
            if (!(score >= 0 && score <= 1)) throw new Error(`score ${score}`);
          }
        },
      ),
      runs(100),
    );
  });

  it('scaled and shifted give the same scores', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: -20, max: 20 }), (seed, exponent) => {
        const scale = 2 ** exponent;
        const [one, other] = [new StreamingDetector(), new StreamingDetector()];
        for (const [i, value] of noise(400, seed).entries()) {
          const spiked = i % 97 === 96 ? value + 30 : value;
          const a = one.update(START_MS + i * MINUTE_MS, spiked);
          const b = other.update(START_MS + i * MINUTE_MS, spiked * scale);
          expect(Math.abs(a - b)).toBeLessThan(1e-6);
        }
      }),
      runs(10),
    );
  });
});

describe('a state', () => {
  it.each(['lite', 'full'] as const)(
    'saved, restored through JSON and continued equals never having been saved: %s',
    (kind) => {
      fc.assert(
        fc.property(
          fc.integer(),
          fc.integer({ min: 0, max: 700 }),
          fc.constantFrom(10_000, MINUTE_MS, HOUR_MS),
          (seed, cut, stepMs) => {
            const { next } = chanceOf(seed);
            const values = noise(800, seed).map((value, i) => (i % 61 === 60 ? value + 40 * next() : value));
            const times = values.map(
              (_, i) => START_MS + i * stepMs + Math.floor(0.3 * stepMs * next()) + (i > 400 ? 20 * stepMs : 0),
            );
            const never = new StreamingDetector(kind);
            let saved = new StreamingDetector(kind);
            for (const [i, value] of values.entries()) {
              if (i === cut) saved = StreamingDetector.fromState(JSON.parse(JSON.stringify(saved.toState())));
              expect(saved.update(times[i]!, value)).toBe(never.update(times[i]!, value));
            }
            expect(saved.toState()).toEqual(never.toState());
            expect(saved.expectedUpper).toBe(never.expectedUpper);
          },
        ),
        runs(15),
      );
    },
  );

  const state = (): ReturnType<StreamingDetector['toState']> => {
    const detector = new StreamingDetector();
    alertsOf(detector, noise(100, 1));
    return detector.toState();
  };
  const withCell = (cell: number, value: number): object => {
    const good = state();
    const cells = Buffer.from(good.cells, 'base64');
    cells.writeDoubleLE(value, 8 * cell);
    return { ...good, cells: cells.toString('base64') };
  };

  it.each([
    ['null', null, 'must be an object, got null'],
    ['another version', { ...state(), version: 2 }, 'version must be 1, got 2'],
    ['another kind', { ...state(), kind: '__proto__' }, "kind must be 'lite' or 'full', got __proto__"],
    ['cells of another kind', { ...state(), kind: 'lite' }, 'cells must be'],
    ['no cells', { ...state(), cells: 7 }, 'cells must be'],
    ['cells that are no base64', { ...state(), cells: '!'.repeat(state().cells.length) }, 'cells must be'],
    ['short bins', { ...state(), bins: 'AAAA' }, 'bins must be'],
    ['a negative count of broken values', { ...state(), invalidCount: -1 }, 'invalidCount must be'],
    ['NaN in cells', withCell(0, Number.NaN), 'cells[0] must be a finite number, got NaN'],
    ['an infinity in cells', withCell(7, Number.POSITIVE_INFINITY), 'cells[7] must be a finite number, got Infinity'],
    ['a negative interval', withCell(2, -5), 'cells and bins must be those of a detector'],
  ])('that is broken is refused: %s', (_, broken, words) => {
    expect(() => StreamingDetector.fromState(broken as never)).toThrow(words);
  });

  it('of any finite cells is refused or harmless', () => {
    const good = state();
    const count = Buffer.from(good.cells, 'base64').length / 8;
    fc.assert(
      fc.property(fc.nat(count - 1), fc.double({ noNaN: true, noDefaultInfinity: true }), (cell, value) => {
        let detector: StreamingDetector;
        try {
          detector = StreamingDetector.fromState(withCell(cell, value) as never);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          return;
        }
        for (const [i, one] of noise(100, 2).entries()) {
          expect(() => detector.update(START_MS + DAY_MS + i * MINUTE_MS, one)).not.toThrow();
        }
      }),
      runs(100),
    );
  });
});

it('is made by name', () => {
  expect(createDetector()).toMatchObject({ kind: 'full' });
  expect(createDetector({ kind: 'lite' })).toMatchObject({ kind: 'lite' });
  expect(createDetector({ kind: 'zscore', threshold: 4 })).toMatchObject({ config: { threshold: 4 } });
  expect(() => createDetector({ kind: 'toString' as never })).toThrow(
    new RangeError("StreamingDetector: kind must be 'lite' or 'full', got toString"),
  );
});

it('forgets everything when reset', () => {
  const detector = new StreamingDetector();
  alertsOf(detector, noise(500, 3));
  detector.reset();
  expect({ ...detector.toState() }).toEqual(new StreamingDetector().toState());
});
