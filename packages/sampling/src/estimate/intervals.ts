/**
 * Confidence intervals that hold for small samples too, where value +- 2 standard errors does not.
 */
import type { Estimated } from './types.ts';
import type { Increment, WeightedSum } from './weighted-sample.ts';

/** An interval without its value. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** Spans from which on their own weights tell how heavy those may be that were not kept. */
const MIN_KEPT = 5;
/** Distance from a value to its bound, in spans, up to which whole numbers show. */
const COARSE = 3;
/** Rounding of sums of doubles. */
const TINY = 1e-12;

/**
 * Quantile of the standard normal distribution for an interval of this confidence, to 4.5e-4 (Abramowitz and Stegun
 * 26.2.23).
 * @param confidence 0.5 to below 1
 */
export function normalQuantile(confidence: number): number {
  const t = Math.sqrt(-2 * Math.log((1 - confidence) / 2));
  const above = 2.515517 + t * (0.802853 + t * 0.010328);
  const below = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308));
  return t - above / below;
}

/** Quantile of a gamma distribution with this mean and variance, `z` being that of the normal one (Wilson and Hilferty 1931). */
function gammaQuantile(mean: number, variance: number, z: number): number {
  if (mean <= 0 || variance <= 0) return Math.max(0, mean);
  const spread = variance / (9 * mean * mean);
  return mean * Math.max(0, 1 - spread + z * Math.sqrt(spread)) ** 3;
}

/**
 * The number of spans behind a weighted sum. With one probability p the k-th kept span is the T-th of all, T being negative
 * binomial with mean k/p and variance k(1-p)/p^2, and the exact interval goes from the lower quantile of T for k to the upper
 * one for k + 1. With many probabilities mean and variance are those of the sum, the next trace is taken to be as heavy as
 * the heaviest (Fay and Feuer 1997 do so for weighted Poisson counts), and a gamma distribution stands for what was not
 * kept: never below what was.
 * @param heaviest the increment of the heaviest trace of the group: it counts where this sum holds too few spans to tell
 */
export function boundsOf(sum: WeightedSum, heaviest: Increment, z: number): Bounds {
  const { excess, variance } = sum.kept < MIN_KEPT ? heaviest : sum.largest;
  const unseen = sum.value - sum.kept;
  // What was not kept is a whole number.
  return {
    low: sum.kept + Math.floor(gammaQuantile(unseen, sum.variance, -z)),
    high: sum.kept + Math.ceil(gammaQuantile(unseen + excess, sum.variance + variance, z)),
  };
}

/** The part that `a` has of `a + b`, at least: from the intervals of both (MOVER; Donner and Zou 2012). */
function lowestShare(a: Estimated, b: Estimated): number {
  if (a.value === 0) return 0;
  // What hangs on a span or two is no smooth distribution, which MOVER takes it for: then both ends at once.
  if (a.value - a.low < COARSE || b.high - b.value < COARSE) return a.low / (a.low + b.high);
  const own = a.low * (2 * a.value - a.low);
  const other = b.high * (2 * b.value - b.high);
  const product = a.value * b.value;
  const odds = own / (product + Math.sqrt(Math.max(0, product * product - own * other)));
  return odds / (1 + odds);
}

/** The part that `a` has of `a + b`, both estimated from the same sample. NaN without anything. */
export function shareOf(a: Estimated, b: Estimated): Estimated {
  const all = a.value + b.value;
  if (all === 0) return { value: Number.NaN, low: 0, high: 1 };
  const value = a.value / all;
  const highest = 1 - lowestShare(b, a);
  const isExact = highest <= value + TINY;
  return { value, low: Math.min(value, lowestShare(a, b)), high: isExact ? value : highest };
}

/** The first index from 0 to `length` - 1 for which `holds` is true, it being true from there on; else `length`. */
function firstIndex(length: number, holds: (index: number) => boolean): number {
  let from = 0;
  let to = length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (holds(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
}

/**
 * A quantile and its interval: the values at which the part of all that lies at or below them may be `q` (Woodruff 1952).
 * @param values ascending, without repetition
 * @param partUpTo the part of all that is at most `values[index]`
 * @param isWhole whether everything was kept, so that nothing lies between the values
 */
export function quantileOf(
  values: readonly number[],
  partUpTo: (index: number) => Estimated,
  { q, isWhole }: { q: number; isWhole: boolean },
): Estimated {
  const { length } = values;
  const at = (index: number): number => values[index] as number;
  const first = (bound: keyof Estimated): number => firstIndex(length, (index) => partUpTo(index)[bound] >= q - TINY);
  if (length === 0) return { value: Number.NaN, low: 0, high: Number.POSITIVE_INFINITY };
  // Up to the value before there are surely less than q: the quantile lies beyond it, maybe before the next one kept.
  const lowest = first('high');
  const before = lowest === 0 ? 0 : at(lowest - 1);
  const highest = first('low');
  return {
    value: at(Math.min(first('value'), length - 1)),
    low: isWhole ? at(lowest) : before,
    high: highest === length ? Number.POSITIVE_INFINITY : at(highest),
  };
}
