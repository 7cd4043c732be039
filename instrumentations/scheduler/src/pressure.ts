/** Total stall times of one resource, in microseconds; NaN where the kernel does not tell (`full` of cpu, once). */
export interface Pressure {
  some: number;
  full: number;
}

const ZERO = 0x30;
const NEWLINE = 0x0a;
const EQUALS = 0x3d;
const SOME = 0x73; // s
const FULL = 0x66; // f

/**
 * Parses pressure stall information out of bytes, without making a string:
 *
 *     some avg10=0.00 avg60=0.00 avg300=0.00 total=0
 *     full avg10=0.00 avg60=0.00 avg300=0.00 total=0
 *
 * The total is the number at the end of a line. https://docs.kernel.org/accounting/psi.html
 */
export function parsePressure(bytes: Uint8Array, length: number, into: Pressure): void {
  into.some = Number.NaN;
  into.full = Number.NaN;
  for (let start = 0; start < length; ) {
    let end = start;
    while (end < length && bytes[end] !== NEWLINE) end += 1;
    const kind = bytes[start];
    if (kind === SOME) into.some = lastNumber(bytes, start, end);
    else if (kind === FULL) into.full = lastNumber(bytes, start, end);
    start = end + 1;
  }
}

/** The number between the last `=` and the end; NaN when there is none. */
function lastNumber(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  let scale = 1;
  let at = end - 1;
  for (; at > start && bytes[at] !== EQUALS; at--) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    value += digit * scale;
    scale *= 10;
  }
  return at === start || scale === 1 ? Number.NaN : value;
}
