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
const FIELDS = ['runNanos', 'waitNanos', 'slices'] as const;

/**
 * Reads `run wait slices` out of bytes, without making a string.
 * @returns false when that is not what the bytes hold; `into` is unchanged then
 */
export function parseSchedStat(bytes: Uint8Array, length: number, into: SchedStat): boolean {
  const values = [0, 0, 0];
  let at = 0;
  for (let field = 0; field < 3; field++) {
    const start = at;
    let value = 0;
    for (let digit = digitAt(bytes, at, length); digit >= 0; digit = digitAt(bytes, ++at, length)) {
      value = value * 10 + digit;
    }
    const isLast = field === 2;
    if (at === start || (!isLast && bytes[at] !== SPACE)) return false;
    values[field] = value;
    at += 1;
  }
  for (let field = 0; field < 3; field++) into[FIELDS[field] as 'slices'] = values[field] as number;
  return true;
}

function digitAt(bytes: Uint8Array, at: number, length: number): number {
  if (at >= length) return -1;
  const digit = (bytes[at] as number) - ZERO;
  return digit >= 0 && digit <= 9 ? digit : -1;
}
