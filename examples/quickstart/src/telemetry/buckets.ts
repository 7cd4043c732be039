/**
 * The value below which the part `q` of an explicit histogram lies, interpolated linearly inside its bucket; NaN without
 * values. @param max the largest value, where it is known: the open bucket ends there
 */
export function bucketQuantile(
  bounds: readonly number[],
  counts: readonly number[],
  q: number,
  max: number | undefined,
): number {
  const wanted = q * counts.reduce((sum, count) => sum + count, 0);
  if (wanted === 0) return Number.NaN;
  let below = 0;
  for (const [i, count] of counts.entries()) {
    if (count > 0 && below + count >= wanted) {
      const low = bounds[i - 1] ?? 0;
      const high = Math.min(bounds[i] ?? Math.max(max ?? low, low), max ?? Number.POSITIVE_INFINITY);
      return low + Math.max(0, high - low) * ((wanted - below) / count);
    }
    below += count;
  }
  return max ?? bounds.at(-1) ?? Number.NaN;
}
