import type {
  AggregationTemporality,
  DataPoint,
  DataPointType,
  ExponentialHistogram,
  Histogram,
  MetricData,
  MetricDescriptor,
} from '@opentelemetry/sdk-metrics';
import type { ExponentialRange } from './bucket-mapping.ts';
import type { MergedInstrument } from './merged-instrument.ts';
import type { InstrumentDefinition } from './options.ts';
import type { PointGroup } from './point-groups.ts';
import { type HistogramReading, type Reading, readGauge, readHistogram, readSum } from './reading.ts';
import { DELTA, instrumentType } from './temporality.ts';

/** The SDK's numbers, so that nothing of it has to be loaded at run time. */
const HISTOGRAM: DataPointType.HISTOGRAM = 0;
const EXPONENTIAL_HISTOGRAM: DataPointType.EXPONENTIAL_HISTOGRAM = 1;
const GAUGE: DataPointType.GAUGE = 2;
const SUM: DataPointType.SUM = 3;
const DOUBLE = 1;

/** Value of a data point, of whatever kind. */
export type PointValue = number | Histogram | ExponentialHistogram;

/** Reads the value of a group in the shape its instrument is exported in; undefined if nothing is to be reported. */
export function readValue(
  instrument: MergedInstrument,
  group: PointGroup,
  reading: Reading,
  temporality: AggregationTemporality,
): PointValue | undefined {
  const { kind, exponential, boundaries } = instrument.definition;
  const isDelta = temporality === DELTA;
  if (kind === 'gauge') return readGauge(reading, group, isDelta);
  if (kind !== 'histogram') return readSum(reading, group, isDelta);
  const histogram = readHistogram(reading, group, instrument);
  if (histogram === undefined) return undefined;
  return exponential === undefined ? explicitValue(histogram, boundaries) : exponentialValue(histogram, exponential);
}

function explicitValue({ counts, count, sum, min, max }: HistogramReading, boundaries: readonly number[]): Histogram {
  return withExtremes({ buckets: { boundaries: boundaries as number[], counts }, count, sum }, min, max);
}

/** Bucket 0 counts zeros; those after it have the base 2^(2^-scale) and begin at 2^minExponent. Empty ends are cut off. */
function exponentialValue(histogram: HistogramReading, { scale, minExponent }: ExponentialRange): ExponentialHistogram {
  const { counts, count, sum, min, max } = histogram;
  const first = counts.findIndex((inBucket, i) => i > 0 && inBucket > 0);
  const last = counts.findLastIndex((inBucket, i) => i > 0 && inBucket > 0);
  const positive =
    first < 0
      ? { offset: 0, bucketCounts: [] }
      : { offset: minExponent * 2 ** scale + first - 1, bucketCounts: counts.slice(first, last + 1) };
  const zeroCount = counts[0] as number;
  const negative = { offset: 0, bucketCounts: [] };
  return withExtremes({ count, sum, scale, zeroCount, positive, negative }, min, max);
}

function withExtremes<T extends object>(value: T, min: number | undefined, max: number | undefined): T {
  return min === undefined || max === undefined ? value : Object.assign(value, { min, max });
}

/** The metric around its points. */
export function metricOf(
  definition: InstrumentDefinition,
  aggregationTemporality: AggregationTemporality,
  points: DataPoint<PointValue>[],
): MetricData {
  const { kind, exponential } = definition;
  const head = { descriptor: descriptorOf(definition), aggregationTemporality };
  if (kind === 'gauge') return { ...head, dataPointType: GAUGE, dataPoints: points as DataPoint<number>[] };
  if (kind !== 'histogram') {
    const isMonotonic = kind === 'counter';
    return { ...head, dataPointType: SUM, dataPoints: points as DataPoint<number>[], isMonotonic };
  }
  if (exponential === undefined)
    return { ...head, dataPointType: HISTOGRAM, dataPoints: points as DataPoint<Histogram>[] };
  return { ...head, dataPointType: EXPONENTIAL_HISTOGRAM, dataPoints: points as DataPoint<ExponentialHistogram>[] };
}

/** With the two fields that the SDK's own descriptors have beyond their public type: some exporters read them. */
function descriptorOf({ name, description, unit, kind }: InstrumentDefinition): MetricDescriptor {
  const descriptor = { name, description, unit, valueType: DOUBLE, type: instrumentType(kind), advice: {} };
  return descriptor;
}
