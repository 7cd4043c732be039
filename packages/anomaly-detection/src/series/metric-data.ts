/** What is read of the SDK's metric data, structurally: the types of SDK 2.12 and 3.x differ, the values do not. */

/** A histogram with explicit boundaries. */
export interface ExplicitValue {
  readonly count: number;
  readonly sum?: number | undefined;
  readonly buckets: { readonly boundaries: readonly number[]; readonly counts: readonly number[] };
}

/** A histogram with exponential buckets. */
export interface ExponentialValue {
  readonly count: number;
  readonly sum?: number | undefined;
  readonly scale: number;
  readonly zeroCount: number;
  readonly positive: { readonly offset: number; readonly bucketCounts: readonly number[] };
}

export type PointValue = number | ExplicitValue | ExponentialValue;

export interface MetricPoint {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly value: PointValue;
}

export interface MetricRecord {
  readonly descriptor: { readonly name: string; readonly unit: string };
  /** 0 delta, 1 cumulative. */
  readonly aggregationTemporality: number;
  /** 0 histogram, 1 exponential histogram, 2 gauge, 3 sum. */
  readonly dataPointType: number;
  readonly isMonotonic?: boolean | undefined;
  readonly dataPoints: readonly MetricPoint[];
}

export interface ScopeRecord {
  readonly scope: { readonly name: string };
  readonly metrics: readonly MetricRecord[];
}

export const DELTA = 0;
export const CUMULATIVE = 1;
const SUM = 3;
const GAUGE = 2;

/** How a metric is read: as what is counted, as a level, or as a distribution. */
export function kindOf(metric: MetricRecord): 'counter' | 'gauge' | 'histogram' {
  if (metric.dataPointType === SUM) return metric.isMonotonic === true ? 'counter' : 'gauge';
  return metric.dataPointType === GAUGE ? 'gauge' : 'histogram';
}
