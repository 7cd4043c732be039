import { bucketMiddle, type LatencyModel, LogLinearHistogram } from '@sonde/statistics';
import type { Series } from '../series/series.ts';
import type { Operation } from '../spans/operation.ts';
import type { Baseline, BaselineEntry } from './types.ts';

/** Resolution of the buckets that a `LatencyModel` saves. */
const RESOLUTION = 32;
const MOST_ENTRIES = 5000;
/** Calls from which on an entry says something. */
const LEAST_CALLS = 30;

/** The latencies of a model, as a histogram that can be compared. */
export function histogramOf(model: LatencyModel): LogLinearHistogram {
  const histogram = new LogLinearHistogram({ bucketsPerOctave: RESOLUTION });
  const { offset, current, previous } = model.toState();
  for (const [position, count] of [...current, ...previous]) {
    histogram.record(position === 0 ? 0 : bucketMiddle(offset + position, RESOLUTION), count);
  }
  return histogram;
}

/** Counts by class, as a histogram with each class at the middle of its logarithm. */
function histogramOfClasses(counts: Float64Array, boundaries: readonly number[]): LogLinearHistogram {
  const histogram = new LogLinearHistogram({ bucketsPerOctave: RESOLUTION });
  counts.forEach((count, i) => {
    const high = boundaries[i] ?? 2 * (boundaries[i - 1] ?? 1);
    const low = i === 0 ? high / 2 : (boundaries[i - 1] as number);
    if (count > 0) histogram.record(low > 0 ? Math.sqrt(low * high) : high / 2, count);
  });
  return histogram;
}

function entryOfOperation({ latency, ...operation }: Operation, seconds: number): BaselineEntry {
  const calls = operation.allSpans + operation.spans;
  return {
    latency: histogramOf(latency).toState(),
    calls,
    failed: operation.allErrors + operation.errors,
    perSecond: seconds > 0 ? calls / seconds : 0,
  };
}

function entryOfSeries(series: Series, intervalMs: number): BaselineEntry | undefined {
  const { slow, failed } = series;
  const { boundaries } = series.window;
  if (slow === undefined || boundaries === undefined) return undefined;
  const latency = histogramOfClasses(slow.test.before(), boundaries);
  const calls = latency.count;
  const share = failed?.test.shareBefore ?? 0;
  const seconds = (Math.max(1, slow.test.looks) * intervalMs) / 1000;
  return { latency: latency.toState(), calls, failed: share * calls, perSecond: calls / seconds };
}

export interface BaselineSources {
  readonly operations: Iterable<Operation>;
  readonly series: Iterable<Series>;
  readonly nowMs: number;
  readonly sinceMs: number;
  readonly intervalMs: number;
  readonly release: string;
}

/** What the process was like so far: latencies, shares of failed calls, and rates of everything that was called enough. */
export function takeBaseline(sources: BaselineSources): Baseline {
  const { nowMs, sinceMs, intervalMs, release } = sources;
  const entries: Record<string, BaselineEntry> = Object.create(null) as Record<string, BaselineEntry>;
  let left = MOST_ENTRIES;
  const add = (name: string, entry: BaselineEntry | undefined): void => {
    if (entry === undefined || entry.calls < LEAST_CALLS || left === 0) return;
    left--;
    entries[name] = entry;
  };
  for (const operation of sources.operations) {
    add(`span ${operation.name}`, entryOfOperation(operation, (nowMs - sinceMs) / 1000));
  }
  for (const series of sources.series) add(series.identity.text, entryOfSeries(series, intervalMs));
  return { version: 1, createdMs: Math.round(nowMs), release, entries };
}
