// long: messages of 0 bytes to 64 MB, circular ones, getters that throw, 10,000 channels opened and closed: the heap does not grow, while a leak of 1 MB/h would be found
import { join } from 'node:path';
import type { Weights } from './fixtures/leaks/program.ts';
import { slopeOf } from './fixtures/leaks/slope.ts';
import { IMPORTED, runForJson } from './processes/fixtures/run.ts';
import { IS_LONG } from './seed.ts';

const SECONDS = IS_LONG ? 240 : 3;
const CHANNELS = IS_LONG ? 10_000 : 100;
/** Some seconds; a machine that is busy with other things gets time. */
const TIMEOUT_MS = IS_LONG ? 800_000 : 100_000;
const PROGRAM = join(__dirname, 'fixtures', 'leaks', 'program.ts');
/**
 * What V8 compiles for a function that has become hot stays, and functions become hot for many minutes: 25 MB/h after the
 * first minute, 4 MB/h after the third, and not one object among it. So everything is interpreted, and what belongs to
 * the code of a function is made when it first runs.
 */
const INTERPRETED = [
  '--no-opt',
  '--no-maglev',
  '--no-sparkplug',
  '--no-flush-bytecode',
  '--no-lazy-feedback-allocation',
];
/**
 * By then each kind of message and channel has come up hundreds of times, the bounded tables are full (names of channels,
 * folded events, messages that a peer may still answer), and V8 has made what it makes late.
 */
const WARM_UP = 0.5;

/** The weights of a run that keeps so many megabytes an hour on purpose. */
function weighed(leakPerHour: number): Promise<Weights> {
  return runForJson<Weights>(PROGRAM, [String(SECONDS), String(CHANNELS), String(leakPerHour)], {
    execArgv: ['--expose-gc', ...INTERPRETED, ...IMPORTED],
    timeoutMs: TIMEOUT_MS,
  });
}

function afterWarmUp({ points }: Weights): Weights['points'] {
  return points.slice(Math.floor(points.length * WARM_UP));
}

function say(weights: Weights): string {
  const { points, ...rest } = weights;
  const { perHour, halfWidth } = slopeOf(afterWarmUp(weights));
  const weightAt = (part: number): string => points[Math.round((points.length - 1) * part)]?.[1].toFixed(3) ?? '';
  const tenths = Array.from({ length: 11 }, (_, i) => weightAt(i / 10)).join(' ');
  const slope = `${perHour.toFixed(3)} +/- ${halfWidth.toFixed(3)} MB/h`;
  return `${slope}, ${points.length} weights, of which by tenths: ${tenths} MB\n${JSON.stringify(rest)}`;
}

describe('messages and channels between threads and processes', () => {
  it(
    'leave nothing behind on the heap',
    async () => {
      // Beside it, the same with a leak: it says whether this test would find one.
      const [weights, leaking] = await Promise.all([weighed(0), IS_LONG ? weighed(1) : undefined]);
      expect(Object.values(weights.channels).reduce((sum, count) => sum + count, 0)).toBe(CHANNELS);
      expect(Object.keys(weights.channels).sort()).toEqual(['broadcast', 'child', 'local', 'port', 'worker']);
      expect(weights.messages).toBeGreaterThan(IS_LONG ? 10_000 : 100);
      expect(weights.points.length).toBeGreaterThanOrEqual(8);
      expect(weights.dropped).toEqual({});
      // The memory that is shared with a worker goes with it: some 700 KB.
      expect(weights.external[1] - weights.external[0]).toBeLessThan(4);
      // Whatever keeps much of a message or a channel shows in the short form too.
      const late = afterWarmUp(weights).map(([, weight]) => weight);
      expect((late.at(-1) ?? Number.NaN) - (late[0] ?? Number.NaN)).toBeLessThan(0.5);
      if (leaking === undefined) return;
      console.log(`as it is: ${say(weights)}\nwith a leak of 1 MB/h: ${say(leaking)}`);
      const { perHour, halfWidth } = slopeOf(afterWarmUp(weights));
      // A heap that shrinks by a few bytes has no leak either.
      expect(perHour - halfWidth).toBeLessThanOrEqual(0);
      expect(perHour + halfWidth).toBeLessThan(1);
      const found = slopeOf(afterWarmUp(leaking));
      expect(found.perHour - found.halfWidth).toBeGreaterThan(0);
      expect(found.perHour + found.halfWidth).toBeGreaterThan(1 - halfWidth);
    },
    TIMEOUT_MS,
  );
});
