/**
 * The rate of a Poisson process from counts: smoothed while the counts agree with it, replaced at once when they are three
 * standard deviations off, in either direction (a change point).
 * @param rate events a second so far
 * @param count events since
 * @param seconds above 0
 * @param smoothingSeconds time constant of the smoothing
 */
export function nextRate(rate: number, count: number, seconds: number, smoothingSeconds: number): number {
  const expected = rate * seconds;
  const current = count / seconds;
  if (isChange(expected, count)) return current;
  return rate + (1 - Math.exp(-seconds / smoothingSeconds)) * (current - rate);
}

/** Whether a count is three standard deviations from what a Poisson process would give. */
export function isChange(expected: number, count: number): boolean {
  return (count - expected) ** 2 > 9 * (expected + 1);
}
