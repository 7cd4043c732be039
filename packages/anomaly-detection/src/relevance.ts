import type { KnownMetric, MetricRole } from './known-metrics.ts';
import type { Direction } from './types.ts';

/** Which changes of a signal matter at all. */
export interface Relevance {
  /** Which way is bad. */
  readonly bad: Direction | 'both';
  /** Smallest change that matters, in the unit of the signal. */
  readonly least: number;
  /** And as a fraction of what was expected. */
  readonly ratio: number;
}

/** Defaults of a role for its plain value or rate. */
const OF_ROLE: Readonly<Record<MetricRole, Relevance>> = {
  traffic: { bad: 'down', least: 1, ratio: 0.5 },
  work: { bad: 'both', least: 5, ratio: 1 },
  errors: { bad: 'up', least: 0.5, ratio: 2 },
  time: { bad: 'up', least: 0.2, ratio: 1 },
  latency: { bad: 'up', least: 0.02, ratio: 1 },
  size: { bad: 'both', least: 0, ratio: 1 },
  ratio: { bad: 'up', least: 0.1, ratio: 0.25 },
  memory: { bad: 'up', least: 2 ** 24, ratio: 0.25 },
  depth: { bad: 'up', least: 10, ratio: 1 },
  level: { bad: 'both', least: 0, ratio: 0.3 },
  ignored: { bad: 'both', least: Number.POSITIVE_INFINITY, ratio: 0 },
};

/** Which changes of the value, rate, mean or a percentile of a metric matter. */
export function relevanceOf(known: KnownMetric): Relevance {
  const standard = OF_ROLE[known.role];
  return known.least === undefined ? standard : { ...standard, least: known.least };
}

/** Fewer calls of what is asked for. */
export const LESS_TRAFFIC: Relevance = { bad: 'down', least: 1, ratio: 0.5 };

/** The change as a direction, when it matters; else undefined. */
export function relevantChange(
  { bad, least, ratio }: Relevance,
  value: number,
  expected: number,
): Direction | undefined {
  const change = value - expected;
  const size = Math.abs(change);
  if (!(size > 0 && size >= least)) return undefined;
  const direction = change > 0 ? 'up' : 'down';
  if (bad !== 'both' && bad !== direction) return undefined;
  // A fall to a quarter is as much as a rise to four times: ratios count down as they count up.
  const base = direction === 'up' ? Math.abs(expected) : Math.max(Math.abs(value), size / 1e6);
  return size >= ratio * base ? direction : undefined;
}
