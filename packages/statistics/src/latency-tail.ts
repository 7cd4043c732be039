import { type LatencyBuckets, WINDOW } from './latency-buckets.ts';

/** The fit looks at this share of the values, the largest ones ... */
const TAIL_SHARE = 0.003;
/** ... but at this many at least. */
const TAIL_LEAST = 50;
/** Below it the tail lies in one bucket: the resolution of the buckets, not the data, would be fitted. */
const LEAST_INDEX = 1e-3;

/** A Pareto tail: P(x > value) = share * (value / start) ^ (-1 / index) for values from `start` on. */
export interface Tail {
  start: number;
  /** Share of all values above `start`; 0 while nothing is fitted. */
  share: number;
  /** Hill's estimate: mean of ln(value / start) over the values above start. */
  index: number;
}

/**
 * Fits the largest values of both generations by Hill's estimator (Hill 1975, A Simple General Approach to Inference
 * About the Tail of a Distribution) into `tail`. It fits the top 0.3 %, so that p = 1e-4 is but one and a half decades
 * away: from the top 1 % on the quantile of an exponential tail comes out four times too rare, from there 1.6 times.
 */
export function fitTail(buckets: LatencyBuckets, count: number, tail: Tail): void {
  const wanted = Math.max(TAIL_LEAST, TAIL_SHARE * count);
  let above = 0;
  let logs = 0;
  let position = WINDOW - 1;
  for (; position > 0 && above < wanted; position--) {
    const inBucket = buckets.countAt(position);
    if (inBucket > 0) {
      above += inBucket;
      logs += inBucket * buckets.logAt(position);
    }
  }
  // The lowest bucket holds whatever fell below the window: nothing can be said from there on.
  if (position === 0 || above === 0) {
    tail.share = 0;
    return;
  }
  tail.start = buckets.lowerAt(position + 1);
  tail.share = above / count;
  tail.index = Math.max(logs / above - Math.log(tail.start), LEAST_INDEX);
}

/** The value that is exceeded with the given probability, Infinity while nothing is fitted. */
export function tailQuantile(tail: Tail, probability: number): number {
  return tail.share === 0 ? Number.POSITIVE_INFINITY : tail.start * (tail.share / probability) ** tail.index;
}
