import { bestSplit } from './e-divisive.ts';
import { studentTwoSided } from './probability.ts';
import { readFinite, readInteger } from './state.ts';

export interface ChangePointsConfig {
  /** Points of one window, which slides by half of itself; a whole number from 4 to 1000. Default 50. */
  readonly windowLength?: number;
  /** The largest p-value of Student's test at which a change counts; above 0, at most 1. Default 0.001. */
  readonly maxPValue?: number;
  /** Changes of the mean below this part of it do not count; from 0. Default 0. */
  readonly minMagnitude?: number;
}

export const CHANGE_POINTS_DEFAULTS: Required<ChangePointsConfig> = {
  windowLength: 50,
  maxPValue: 0.001,
  minMagnitude: 0,
};

/** A point at which the mean of a series changed. */
export interface ChangePoint {
  /** The first point after the change. */
  readonly index: number;
  /** Means of the stretches before and after, up to the neighbouring change points. */
  readonly before: number;
  readonly after: number;
  readonly pValue: number;
  /** |after / before - 1|, or its inverse when that is larger: 1 is a doubling or a halving; Infinity from or to 0. */
  readonly magnitude: number;
}

/** Weak change points are collected at a p-value that is this much larger. */
const WEAK = 10;

/**
 * The change points of a series, first to last: E-divisive as Apache Otava does it (Fleming et al. 2023, Hunter: Using
 * Change Point Detection to Hunt for Performance Regressions). Windows are split where their parts diverge most, as long
 * as Student's test tells the parts apart; what was found is then merged, weakest first, until all that is left is
 * significant. No permutations, hence no chance: the same series gives the same answer. Values that are not finite are
 * passed over. O(points * windowLength).
 * @throws RangeError for an option outside its range
 */
export function findChangePoints(series: ArrayLike<number>, config: ChangePointsConfig = {}): ChangePoint[] {
  const { windowLength, maxPValue, minMagnitude } = { ...CHANGE_POINTS_DEFAULTS, ...config };
  readInteger('findChangePoints', 'windowLength', windowLength, [4, 1000]);
  readFinite('findChangePoints', 'maxPValue', maxPValue, [Number.MIN_VALUE, 1]);
  readFinite('findChangePoints', 'minMagnitude', minMagnitude, [0, Number.MAX_VALUE]);
  const kept = Array.from(series, (value, index) => ({ value, index })).filter(({ value }) => Number.isFinite(value));
  const values = Float64Array.from(kept, ({ value }) => value);
  const weak = split(values, windowLength, Math.min(1, WEAK * maxPValue));
  const found = merge(values, weak, { maxPValue, minMagnitude });
  return found.map((point) => ({ ...point, index: (kept[point.index] as { index: number }).index }));
}

function split(values: Float64Array, windowLength: number, maxPValue: number): number[] {
  const found = new Set<number>();
  const step = Math.floor(windowLength / 2);
  let start = 0;
  while (start < values.length) {
    const inWindow = splitWindow(values, start, Math.min(start + windowLength, values.length), maxPValue);
    for (const index of inWindow) found.add(index);
    start = Math.max(inWindow.at(-1) ?? 0, start + step);
  }
  return [...found].sort((a, b) => a - b);
}

/** Splits the stretch that diverges most, again and again, while Student's test agrees. */
function splitWindow(values: Float64Array, start: number, end: number, maxPValue: number): number[] {
  const edges = [start, end];
  const splits = [bestSplit(values, start, end)];
  for (;;) {
    let most = 0;
    for (let i = 1; i < splits.length; i++) {
      if ((splits[i]?.divergence ?? 0) > (splits[most]?.divergence ?? 0)) most = i;
    }
    const best = splits[most];
    if (best === undefined) break;
    const from = edges[most] as number;
    const to = edges[most + 1] as number;
    if (!(compare(values, from, best.index, to).pValue <= maxPValue)) break;
    edges.splice(most + 1, 0, best.index);
    splits.splice(most, 1, bestSplit(values, from, best.index), bestSplit(values, best.index, to));
  }
  return edges.slice(1, -1);
}

/** Takes the weakest change point out until each is significant and large enough. */
function merge(
  values: Float64Array,
  indexes: readonly number[],
  { maxPValue, minMagnitude }: { maxPValue: number; minMagnitude: number },
): ChangePoint[] {
  const edges = [0, ...indexes, values.length];
  const at = (i: number): ChangePoint =>
    compare(values, edges[i] as number, edges[i + 1] as number, edges[i + 2] as number);
  const points = indexes.map((_, i) => at(i));
  while (points.length > 0) {
    let weakest = indexOfMost(points, ({ pValue }) => pValue);
    if ((points[weakest] as ChangePoint).pValue <= maxPValue) {
      weakest = indexOfMost(points, ({ magnitude }) => -magnitude);
      if ((points[weakest] as ChangePoint).magnitude >= minMagnitude) break;
    }
    points.splice(weakest, 1);
    edges.splice(weakest + 1, 1);
    // The neighbours now look at longer stretches.
    if (weakest > 0) points[weakest - 1] = at(weakest - 1);
    if (weakest < points.length) points[weakest] = at(weakest);
  }
  return points;
}

function indexOfMost(points: readonly ChangePoint[], of: (point: ChangePoint) => number): number {
  let most = 0;
  for (let i = 1; i < points.length; i++) {
    if (of(points[i] as ChangePoint) > of(points[most] as ChangePoint)) most = i;
  }
  return most;
}

/** Student's test of values[from..index) against values[index..to), with pooled variance. */
function compare(values: Float64Array, from: number, index: number, to: number): ChangePoint {
  const left = values.subarray(from, index);
  const right = values.subarray(index, to);
  const before = mean(left);
  const after = mean(right);
  const freedom = left.length + right.length - 2;
  const variance = (squares(left, before) + squares(right, after)) / freedom;
  const error = Math.sqrt(variance * (1 / left.length + 1 / right.length));
  const t = before === after ? 0 : (after - before) / error;
  const pValue = freedom > 0 ? studentTwoSided(t, freedom) : 1;
  const change = Math.abs(after / before - 1);
  const back = Math.abs(before / after - 1);
  const magnitude = before === after ? 0 : Math.max(change, back);
  return { index, before, after, pValue, magnitude };
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function squares(values: Float64Array, around: number): number {
  return values.reduce((sum, value) => sum + (value - around) ** 2, 0);
}
