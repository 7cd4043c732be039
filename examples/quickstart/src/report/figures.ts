import { bucketQuantile } from '../telemetry/buckets.ts';
import type { MetricPoint } from '../telemetry/otlp.ts';
import type { ProcessTelemetry } from '../telemetry/store.ts';

/** Sums and quantiles over the series of a metric. */

/** Points of the metric whose attributes have these values. */
export function points(
  store: ProcessTelemetry,
  name: string,
  wanted: Readonly<Record<string, string>> = {},
): MetricPoint[] {
  return store
    .metric(name)
    .filter(({ attributes }) => Object.entries(wanted).every(([key, value]) => String(attributes.get(key)) === value));
}

/** The value of a counter or gauge over all its series; NaN where there is none. */
export function total(store: ProcessTelemetry, name: string, wanted: Readonly<Record<string, string>> = {}): number {
  const found = points(store, name, wanted);
  return found.length === 0 ? Number.NaN : found.reduce((sum, { value }) => sum + value, 0);
}

/** Series of one histogram, by the value of an attribute. */
export function groupBy(found: readonly MetricPoint[], key: string): Map<string, MetricPoint[]> {
  return Map.groupBy(found, ({ attributes }) => String(attributes.get(key) ?? ''));
}

export interface Summary {
  readonly count: number;
  readonly sum: number;
  readonly max: number;
  /** Estimated by linear interpolation inside the bucket; NaN without values. */
  quantile(q: number): number;
}

/** Explicit histograms of the same bounds, merged. */
export function summary(found: readonly MetricPoint[]): Summary {
  const [first] = found;
  const bounds = first?.bounds ?? [];
  const counts = bounds.concat(0).map((_, i) => found.reduce((sum, point) => sum + (point.bucketCounts[i] ?? 0), 0));
  const count = found.reduce((sum, point) => sum + point.count, 0);
  const max = Math.max(0, ...found.map((point) => point.max));
  return {
    count,
    sum: found.reduce((sum, { value }) => sum + value, 0),
    max,
    quantile: (q) => bucketQuantile(bounds, counts, q, max > 0 ? max : undefined),
  };
}
