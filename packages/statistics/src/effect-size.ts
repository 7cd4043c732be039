/** How large a difference is, whatever the number of values: for samples, the first one larger when above 0. */

/**
 * Cohen's d (1988): the difference of means in pooled standard deviations. Infinite when there is a difference but no
 * deviation, NaN for a sample of fewer than two values.
 */
export function cohensD(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [left, right] = [momentsOf(a), momentsOf(b)];
  if (left.count < 2 || right.count < 2) {
    return Number.NaN;
  }
  const difference = left.mean - right.mean;
  const pooled = (left.squares + right.squares) / (left.count + right.count - 2);
  return difference === 0 ? 0 : difference / Math.sqrt(pooled);
}

/** Hedges' g (1981): Cohen's d without its bias in small samples. */
export function hedgesG(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return cohensD(a, b) * (1 - 3 / (4 * (a.length + b.length) - 9));
}

function momentsOf(values: ArrayLike<number>): { count: number; mean: number; squares: number } {
  let mean = 0;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    const deviation = (values[i] as number) - mean;
    mean += deviation / (i + 1);
    squares += deviation * ((values[i] as number) - mean);
  }
  return { count: values.length, mean, squares };
}
