import type { ExplicitValue, ExponentialValue, PointValue } from './metric-data.ts';

/** Upper bounds that exponential histograms are brought to: four an octave, from 2^-20 (1 us) to 2^24. */
const PER_OCTAVE = 4;
const FIRST_OCTAVE = -20;
const LAST_OCTAVE = 24;
const EXPONENTIAL_BOUNDARIES: readonly number[] = Array.from(
  { length: (LAST_OCTAVE - FIRST_OCTAVE) * PER_OCTAVE + 1 },
  (_, i) => 2 ** (FIRST_OCTAVE + i / PER_OCTAVE),
);
const MOST_BOUNDARIES = 512;

/** Whether a value is a histogram, and of which kind. */
export function isExponential(value: PointValue): value is ExponentialValue {
  return typeof value === 'object' && value !== null && 'positive' in value;
}

export function isExplicit(value: PointValue): value is ExplicitValue {
  return typeof value === 'object' && value !== null && 'buckets' in value;
}

/** Upper bounds of the classes of a histogram; the class beyond the last one has none. */
export function boundariesOf(value: ExplicitValue | ExponentialValue): readonly number[] {
  return isExponential(value) ? EXPONENTIAL_BOUNDARIES : value.buckets.boundaries.slice(0, MOST_BOUNDARIES);
}

/** Writes the counts of a histogram, in total or of a window, into `counts`, one more than there are boundaries. */
export function readCounts(value: ExplicitValue | ExponentialValue, counts: Float64Array): void {
  counts.fill(0);
  if (!isExponential(value)) {
    const from = value.buckets.counts;
    for (let i = 0; i < from.length; i++) {
      const at = Math.min(i, counts.length - 1);
      counts[at] = (counts[at] as number) + (from[i] as number);
    }
    return;
  }
  counts[0] = value.zeroCount;
  const { offset, bucketCounts } = value.positive;
  const octave = 2 ** -value.scale;
  for (let i = 0; i < bucketCounts.length; i++) {
    // The upper bound of a bucket; within one of ours it counts as that.
    const position = Math.ceil(((offset + i + 1) * octave - FIRST_OCTAVE) * PER_OCTAVE - 1e-9);
    const at = Math.min(Math.max(position, 0), counts.length - 1);
    counts[at] = (counts[at] as number) + (bucketCounts[i] as number);
  }
}

/** The value that the fraction q of the calls do not exceed, interpolated within its class; NaN without calls. */
export function quantileOf(counts: Float64Array, boundaries: readonly number[], q: number): number {
  let total = 0;
  for (const count of counts) total += count;
  const rank = q * total;
  let below = 0;
  for (let i = 0; i < counts.length && total > 0; i++) {
    const count = counts[i] as number;
    if (count > 0 && below + count >= rank) {
      const low = i === 0 ? 0 : (boundaries[i - 1] as number);
      // Nothing is known of the last class but where it begins.
      const high = boundaries[i] ?? low;
      return low + (high - low) * Math.min(1, Math.max(0, (rank - below) / count));
    }
    below += count;
  }
  return Number.NaN;
}
