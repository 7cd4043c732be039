/** Where a stretch of a series falls apart best. */
export interface Split {
  /** The first point of the right part. */
  readonly index: number;
  /** The divergence of the two parts, in the unit of the series. */
  readonly divergence: number;
}

/**
 * The split that divides `values[start..end)` best by energy distance (Matteson and James 2014, A Nonparametric Approach
 * for Multiple Change Point Analysis of Multivariate Data, with alpha = 1): it maximises, over the first point t of the
 * right part and its end k,
 *   Q = 2/(n+m) [ sum |x - y| - m/(n-1) sum |x - x'| - n/(m-1) sum |y - y'| ],  n = t - start, m = k - t.
 * O(length^2) time and memory. Undefined below two points.
 */
export function bestSplit(values: ArrayLike<number>, start: number, end: number): Split | undefined {
  const length = end - start;
  if (length < 2) {
    return undefined;
  }
  const sums = pairSums(values, start, length);
  let index = 0;
  let divergence = 0;
  for (let t = 1; t < length; t++) {
    for (let k = t + 1; k <= length; k++) {
      const q = divergenceOf(sums, length + 1, t, k);
      if (q > divergence) {
        divergence = q;
        index = start + t;
      }
    }
  }
  return index === 0 ? undefined : { index, divergence };
}

/** Q of the parts [0, t) and [t, k) of a stretch. */
function divergenceOf(sums: Float64Array, width: number, t: number, k: number): number {
  const m = k - t;
  const toT = sums[t * width + t] as number;
  const toBoth = sums[t * width + k] as number;
  const toK = sums[k * width + k] as number;
  // Sums within a part meet each pair twice.
  const left = t > 1 ? ((m / (t - 1)) * toT) / 2 : 0;
  const right = m > 1 ? ((t / (m - 1)) * (toK - 2 * toBoth + toT)) / 2 : 0;
  return (2 / k) * (toBoth - toT - left - right);
}

/** Two-dimensional running sums of |values[i] - values[j]|. */
function pairSums(values: ArrayLike<number>, start: number, length: number): Float64Array {
  const width = length + 1;
  const sums = new Float64Array(width * width);
  for (let i = 0; i < length; i++) {
    let row = 0;
    for (let j = 0; j < length; j++) {
      row += Math.abs((values[start + i] as number) - (values[start + j] as number));
      sums[(i + 1) * width + j + 1] = (sums[i * width + j + 1] as number) + row;
    }
  }
  return sums;
}
