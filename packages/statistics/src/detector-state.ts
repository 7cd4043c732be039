import { readCount, readFields } from './state.ts';
import type { StreamingDetectorKind } from './streaming-detector.ts';

/** A streaming detector as plain JSON; `cells` and `bins` are little-endian doubles and floats in base64. */
export interface StreamingDetectorState {
  readonly version: 1;
  readonly kind: StreamingDetectorKind;
  readonly invalidCount: number;
  readonly cells: string;
  readonly bins: string;
}

interface Contents {
  readonly kind: StreamingDetectorKind;
  readonly invalidCount: number;
  readonly cells: Float64Array;
  readonly bins: Float32Array;
}

const WHAT = 'StreamingDetector state';

export function writeDetectorState({ kind, invalidCount, cells, bins }: Contents): StreamingDetectorState {
  return { version: 1, kind, invalidCount, cells: toBase64(cells), bins: toBase64(bins) };
}

/** Checks a state that may come from a file. @throws TypeError or RangeError that names the field */
export function readDetectorState(
  state: unknown,
  sizeOf: (kind: StreamingDetectorKind) => { cells: number; bins: number },
): Contents {
  const fields = readFields(WHAT, state, 1);
  const { kind } = fields;
  if (kind !== 'lite' && kind !== 'full') {
    throw new RangeError(`${WHAT}: kind must be 'lite' or 'full', got ${String(kind)}`);
  }
  const size = sizeOf(kind);
  const cells = new Float64Array(fromBase64('cells', fields.cells, 8 * size.cells));
  const bins = new Float32Array(fromBase64('bins', fields.bins, 4 * size.bins));
  checkFinite('cells', cells);
  checkFinite('bins', bins);
  return { kind, invalidCount: readCount(WHAT, 'invalidCount', fields.invalidCount), cells, bins };
}

function toBase64(numbers: Float64Array | Float32Array): string {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).toString('base64');
}

function fromBase64(field: string, text: unknown, bytes: number): ArrayBuffer {
  // The length is checked before anything is decoded, so that a huge text costs nothing.
  if (typeof text !== 'string' || text.length !== 4 * Math.ceil(bytes / 3)) {
    throw new RangeError(`${WHAT}: ${field} must be ${bytes} bytes in base64`);
  }
  const decoded = Buffer.from(text, 'base64');
  if (decoded.length !== bytes) {
    throw new RangeError(`${WHAT}: ${field} must be ${bytes} bytes in base64, got ${decoded.length}`);
  }
  return new Uint8Array(decoded).buffer;
}

function checkFinite(field: string, numbers: Float64Array | Float32Array): void {
  const broken = numbers.findIndex((number) => !(Math.abs(number) <= 1e307));
  if (broken >= 0) {
    throw new RangeError(`${WHAT}: ${field}[${broken}] must be a finite number, got ${numbers[broken]}`);
  }
}
