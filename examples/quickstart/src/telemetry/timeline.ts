import { bucketQuantile } from './buckets.ts';
import type { MetricPoint } from './otlp.ts';

/** A process at one moment, and over the time since the moment before. */
export interface Sample {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly requestsPerSecond: number;
  /** Answers of 500 and above. */
  readonly errorsPerSecond: number;
  /** Interpolated in histogram buckets; NaN where nothing was asked. */
  readonly p99Ms: number;
  readonly heapBytes: number;
}

export interface Timeline {
  /** Takes what a process sends at once. */
  add(points: readonly MetricPoint[]): void;
  readonly samples: readonly Sample[];
}

interface Totals {
  readonly atMs: number;
  readonly requests: number;
  readonly errors: number;
  readonly bounds: readonly number[];
  readonly buckets: readonly number[];
}

const HTTP_SERVER = 'http.server.request.duration';
const HEAP = 'v8js.memory.heap.used';
const SERVER_ERROR = 500;
const MAX_SAMPLES = 10_000;

/** Requests, errors, latency and heap of the process `pid` over time, from cumulative metrics. */
export function createTimeline(pid: number): Timeline {
  const samples: Sample[] = [];
  let last: Totals | undefined;
  return {
    samples,
    add: (points) => {
      const own = points.filter((point) => point.origin.pid === pid);
      const heap = own.filter(({ name }) => name === HEAP);
      const atMs = own.reduce((latest, { timeMs }) => Math.max(latest, timeMs), 0);
      if (atMs === 0 || samples.length >= MAX_SAMPLES || atMs <= (last?.atMs ?? 0)) return;
      const totals = totalsOf(own, atMs);
      const heapBytes = heap.length === 0 ? Number.NaN : heap.reduce((sum, { value }) => sum + value, 0);
      if (last !== undefined) samples.push({ ...sampleOf(last, totals), heapBytes });
      last = totals;
    },
  };
}

function totalsOf(points: readonly MetricPoint[], atMs: number): Totals {
  const served = points.filter(({ name }) => name === HTTP_SERVER);
  const bounds = served[0]?.bounds ?? [];
  const failed = served.filter(({ attributes }) => Number(attributes.get('http.response.status_code')) >= SERVER_ERROR);
  const countOf = (some: readonly MetricPoint[]): number => some.reduce((sum, { count }) => sum + count, 0);
  return {
    atMs,
    requests: countOf(served),
    errors: countOf(failed),
    bounds,
    buckets: [...bounds, 0].map((_, i) => served.reduce((sum, { bucketCounts }) => sum + (bucketCounts[i] ?? 0), 0)),
  };
}

function sampleOf(before: Totals, after: Totals): Omit<Sample, 'heapBytes'> {
  const seconds = (after.atMs - before.atMs) / 1_000;
  const fresh = after.buckets.map((count, i) => Math.max(0, count - (before.buckets[i] ?? 0)));
  return {
    atMs: after.atMs,
    requestsPerSecond: Math.max(0, after.requests - before.requests) / seconds,
    errorsPerSecond: Math.max(0, after.errors - before.errors) / seconds,
    p99Ms: bucketQuantile(after.bounds, fresh, 0.99, undefined) * 1_000,
  };
}
