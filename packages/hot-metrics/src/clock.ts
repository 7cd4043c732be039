import type { HrTime } from '@opentelemetry/api';

/** Where time comes from; tests pass their own. */
export interface Clock {
  /** Epoch milliseconds, for start and end times. */
  now(): number;
}

/** The wall clock, as the SDK takes it for its own data points. */
export const wallClock: Clock = { now: () => Date.now() };

/** Epoch milliseconds as seconds and nanoseconds. */
export function toHrTime(timeMs: number): HrTime {
  const seconds = Math.floor(timeMs / 1000);
  return [seconds, Math.round((timeMs - seconds * 1000) * 1e6)];
}
