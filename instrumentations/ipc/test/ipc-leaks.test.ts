// long: messages of 0 bytes to 64 MB, circular ones, getters that throw, 3,000 channels opened and closed: the heap does not grow
import type { Weights } from './processes/fixtures/leaks.ts';
import { IMPORTED, runForJson } from './processes/fixtures/run.ts';

const IS_LONG = process.env.SONDE_TEST_LONG === '1';
const SECONDS = IS_LONG ? 600 : 3;
const CHILDREN = IS_LONG ? 3000 : 10;
/** Two-sided 95 % of the normal distribution: there are hundreds of points in the long form. */
const Z = 1.96;

interface Slope {
  readonly perHour: number;
  readonly halfWidth: number;
}

/** Ordinary least squares, with the errors of neighbouring points taken as dependent: blocks of ten count once. */
function slopeOf(points: Weights['points']): Slope {
  const blocks: [number, number][] = [];
  for (let i = 0; i + 10 <= points.length; i += 10) {
    const block = points.slice(i, i + 10);
    const mean = (at: 0 | 1): number => block.reduce((sum, point) => sum + point[at], 0) / block.length;
    blocks.push([mean(0), mean(1)]);
  }
  const count = blocks.length;
  const meanX = blocks.reduce((sum, [x]) => sum + x, 0) / count;
  const meanY = blocks.reduce((sum, [, y]) => sum + y, 0) / count;
  const sumXX = blocks.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const perHour = blocks.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / sumXX;
  const residual = blocks.reduce((sum, [x, y]) => sum + (y - meanY - perHour * (x - meanX)) ** 2, 0) / (count - 2);
  return { perHour, halfWidth: Z * Math.sqrt(residual / sumXX) };
}

describe('messages and channels between processes', () => {
  it('leave nothing behind on the heap', async () => {
    const weights = await runForJson<Weights>('leaks.ts', [String(SECONDS), String(CHILDREN)], {
      execArgv: ['--expose-gc', ...IMPORTED],
      timeoutMs: IS_LONG ? 880_000 : 28_000,
    });
    expect(weights.children).toBe(CHILDREN);
    expect(weights.messages).toBeGreaterThan(100);
    expect(weights.dropped).toEqual({});
    const megabytes = weights.points.map(([, weight]) => weight);
    // Whatever grows with each message or child shows in the short form too.
    expect((megabytes.at(-1) ?? Number.NaN) - (megabytes[0] ?? Number.NaN)).toBeLessThan(2);
    if (!IS_LONG) return;
    const { perHour, halfWidth } = slopeOf(weights.points);
    console.log(
      `${weights.messages} messages, ${weights.children} children, ${weights.points.length} weights: ${perHour.toFixed(3)} +/- ${halfWidth.toFixed(3)} MB/h`,
    );
    expect(Math.abs(perHour)).toBeLessThanOrEqual(halfWidth);
    expect(perHour + halfWidth).toBeLessThan(1);
  });
});
