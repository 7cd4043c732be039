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

/** A key with fewer arrivals in a smoothing time is rare. */
export const RARE_ARRIVALS = 0.25;

/** A time between two plans. */
export interface Window {
  readonly seconds: number;
  readonly smoothing: number;
  /** What the rates of keys whose counts alone tell nothing are multiplied by; 1 while the rate of all is as it was. */
  readonly follow: number;
}

/** The rate of a key: while the rate of all changes, as its own count says or as that of the others. */
export function keyRate(before: number, count: number, { seconds, smoothing, follow }: Window): number {
  let rate = nextRate(before, count, seconds, smoothing);
  if (follow !== 1) rate = before === 0 || isChange(before * seconds, count) ? count / seconds : before * follow;
  if (count > 0) return rate;
  // A key that falls silent is rare from now on, and not yet gone.
  return Math.max(rate, Math.min(before * Math.exp(-seconds / smoothing), RARE_ARRIVALS / smoothing));
}
