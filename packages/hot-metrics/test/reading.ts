import type {
  CollectionResult,
  DataPoint,
  ExponentialHistogram,
  Histogram,
  MetricData,
} from '@opentelemetry/sdk-metrics';
import type { Clock } from '../src/index.ts';

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  time = 1_700_000_000_000;

  now(): number {
    return this.time;
  }

  advance(ms: number): void {
    this.time += ms;
  }
}

/** The metric of this name, or undefined if nothing was reported. */
export function metric(result: CollectionResult, name: string): MetricData | undefined {
  return result.resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics).find((m) => m.descriptor.name === name);
}

/** Points of a metric; empty if it was not reported. */
export function points<T = number>(result: CollectionResult, name: string): DataPoint<T>[] {
  return (metric(result, name)?.dataPoints ?? []) as unknown as DataPoint<T>[];
}

/** The value of the only point. */
export function only<T = number>(result: CollectionResult, name: string): T | undefined {
  const found = points<T>(result, name);
  expect(found.length).toBeLessThanOrEqual(1);
  return found[0]?.value;
}

export function histogram(result: CollectionResult, name: string): Histogram | undefined {
  return only<Histogram>(result, name);
}

export function exponential(result: CollectionResult, name: string): ExponentialHistogram | undefined {
  return only<ExponentialHistogram>(result, name);
}

/** Start and end of a point in epoch milliseconds. */
export function interval(point: DataPoint<unknown> | undefined): [number, number] {
  const ms = ([seconds, nanos]: [number, number] = [0, 0]) => seconds * 1000 + nanos / 1e6;
  return [ms(point?.startTime), ms(point?.endTime)];
}

/** Values by one attribute. */
export function valuesBy<T = number>(result: CollectionResult, name: string, attribute: string): Record<string, T> {
  return Object.fromEntries(points<T>(result, name).map((p) => [String(p.attributes[attribute]), p.value]));
}
