import { hrtime } from 'node:process';

/*
 * The monotonic clock that all processes of a host share (CLOCK_MONOTONIC, QueryPerformanceCounter): how long a message
 * waited is told by it to the microsecond, and no step of the wall clock disturbs that.
 */
const MICROS = 1000;
/** Further apart than this, two processes do not share the clock (a time namespace of their own). */
const MAX_AGE_MS = 3_600_000;

/** `hrtime` when `performance.now()` was 0, in milliseconds. */
function readOffset(): number {
  let offset = Number.NEGATIVE_INFINITY;
  // The largest of three: what comes between the two readings only ever makes it smaller.
  for (let i = 0; i < 3; i++) {
    const [seconds, nanos] = hrtime();
    offset = Math.max(offset, seconds * 1000 + nanos / 1e6 - performance.now());
  }
  return offset;
}

let offsetMs = Number.NaN;

/** A `performance.now()` of this thread in microseconds of the shared clock. */
export function toMonotonic(nowMs: number): number {
  if (Number.isNaN(offsetMs)) offsetMs = readOffset();
  return Math.round((offsetMs + nowMs) * MICROS);
}

/**
 * The opposite; NaN for what is no time, or none of this host's clock.
 * @param nowMs `performance.now()` by now
 */
export function fromMonotonic(micros: unknown, nowMs: number): number {
  if (typeof micros !== 'number') return Number.NaN;
  if (Number.isNaN(offsetMs)) offsetMs = readOffset();
  const timeMs = micros / MICROS - offsetMs;
  return Math.abs(timeMs - nowMs) < MAX_AGE_MS ? timeMs : Number.NaN;
}
