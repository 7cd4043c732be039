import { COUNTS, MAX, MIN, SUM, TIME, TOTAL, UPDATES, VALUE } from './layout.ts';
import type { MergedInstrument } from './merged-instrument.ts';
import type { PointGroup } from './point-groups.ts';

/** What one collection reports of an instrument: a snapshot, and what to subtract from it. */
export interface Reading {
  readonly current: Float64Array;
  /** Undefined for totals since the start of a series. */
  readonly reference: Float64Array | undefined;
  /** When `reference` was taken, epoch ms. */
  readonly referenceMs: number;
  /** When `current` was taken, epoch ms. */
  readonly endMs: number;
  /** Extremes since `reference`, by ordinal; undefined where those of all time, from the snapshot, are right. */
  readonly extremes: Float64Array | undefined;
}

/** Tells whether a series was there when the reference was taken. Snapshots end at row borders. */
function isReferenced(reading: Reading, slot: number): boolean {
  return reading.reference !== undefined && slot < reading.reference.length;
}

/** Sum of a group, or undefined if nothing is to be reported. */
export function readSum(reading: Reading, group: PointGroup, isDelta: boolean): number | undefined {
  let sum = 0;
  let isUsed = false;
  for (const { slot } of group.members) {
    const total = reading.current[slot + TOTAL] ?? -0;
    if (Object.is(total, -0)) continue;
    isUsed = true;
    sum += isReferenced(reading, slot) ? total - (reading.reference?.[slot + TOTAL] as number) : total;
  }
  return isUsed && !(isDelta && sum === 0) ? sum : undefined;
}

/** The value of a group that was set last, or undefined if nothing is to be reported. */
export function readGauge(reading: Reading, group: PointGroup, isDelta: boolean): number | undefined {
  const { current, reference } = reading;
  let latest = -1;
  let value: number | undefined;
  for (const { slot } of group.members) {
    const time = current[slot + TIME] ?? -1;
    const isOld = isReferenced(reading, slot) && current[slot + UPDATES] === reference?.[slot + UPDATES];
    if (time < 0 || time < latest || (isDelta && isOld)) continue;
    latest = time;
    value = current[slot + VALUE];
  }
  return value;
}

/** A histogram as it is reported; extremes are missing where they are not known. */
export interface HistogramReading {
  readonly counts: number[];
  readonly count: number;
  readonly sum: number;
  readonly min: number | undefined;
  readonly max: number | undefined;
}

/** Buckets of a group, added up, or undefined if they are all empty. */
export function readHistogram(
  reading: Reading,
  group: PointGroup,
  { buckets }: MergedInstrument,
): HistogramReading | undefined {
  const counts: number[] = [];
  let count = 0;
  for (let bucket = 0; bucket < buckets; bucket++) {
    const inBucket = cellOf(reading, group, COUNTS + bucket);
    counts.push(inBucket);
    count += inBucket;
  }
  if (count === 0) return undefined;
  return { counts, count, sum: cellOf(reading, group, SUM), ...readExtremes(reading, group) };
}

function cellOf({ current, reference }: Reading, { members }: PointGroup, cell: number): number {
  let sum = 0;
  for (const { slot } of members) sum += (current[slot + cell] ?? 0) - (reference?.[slot + cell] ?? 0);
  return sum;
}

type Extremes = Pick<HistogramReading, 'min' | 'max'>;

const UNKNOWN: Extremes = { min: undefined, max: undefined };

function readExtremes(reading: Reading, group: PointGroup): Extremes {
  const { current, reference, extremes } = reading;
  // Extremes since a baseline that is not the last collection are not kept.
  if (reference !== undefined && extremes === undefined) return UNKNOWN;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const { slot, ordinal } of group.members) {
    min = Math.min(min, (extremes === undefined ? current[slot + MIN] : extremes[2 * ordinal]) ?? min);
    max = Math.max(max, (extremes === undefined ? current[slot + MAX] : extremes[2 * ordinal + 1]) ?? max);
  }
  return min > max ? UNKNOWN : { min, max };
}

/**
 * Start of the interval that a point covers. A group that was there at the reference continues from it; one that came
 * later, or began to be recorded later, has its own start, which never moves, whatever joins it.
 */
export function startOf(reading: Reading, group: PointGroup): number {
  if (group.startMs === 0)
    group.startMs = group.members.reduce((least, { startMs }) => Math.min(least, startMs || least), reading.endMs);
  const isContinued = group.members.some(({ slot }) => isReferenced(reading, slot));
  const start = isContinued ? Math.max(group.startMs, reading.referenceMs) : group.startMs;
  return Math.min(start, reading.endMs);
}
