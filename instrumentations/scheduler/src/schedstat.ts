/** What the kernel's scheduler tells of a thread: /proc/PID/task/TID/schedstat, proc(5) and sched-stats.rst. */
export interface SchedStat {
  /** On a CPU, in ns. */
  runNanos: number;
  /** Ready but waiting for a CPU, in ns. */
  waitNanos: number;
  /** Times it was put on a CPU. */
  slices: number;
}

const ZERO = 0x30;
const SPACE = 0x20;

/**
 * Reads `run wait slices` out of bytes, without making a string.
 * @returns false when that is not what the bytes hold; `into` is unchanged then
 */
export function parseSchedStat(bytes: Uint8Array, length: number, into: SchedStat): boolean {
  const first = endOfNumber(bytes, 0, length);
  const second = endOfNumber(bytes, first + 1, length);
  const third = endOfNumber(bytes, second + 1, length);
  const isComplete = first > 0 && second > first + 1 && third > second + 1;
  if (!isComplete || bytes[first] !== SPACE || bytes[second] !== SPACE) return false;
  into.runNanos = numberIn(bytes, 0, first);
  into.waitNanos = numberIn(bytes, first + 1, second);
  into.slices = numberIn(bytes, second + 1, third);
  return true;
}

function endOfNumber(bytes: Uint8Array, start: number, length: number): number {
  let at = start;
  while (at < length && (bytes[at] as number) >= ZERO && (bytes[at] as number) <= ZERO + 9) at += 1;
  return at;
}

function numberIn(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) value = value * 10 + ((bytes[at] as number) - ZERO);
  return value;
}
