import { Buffer } from 'node:buffer';

function encodingOf(options: unknown): BufferEncoding {
  const encoding = typeof options === 'object' && options !== null ? Reflect.get(options, 'encoding') : options;
  return typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : 'utf8';
}

/**
 * Bytes of file contents, as returned by readFile or given to writeFile. A string is counted in its encoding: exact,
 * save where invalid UTF-8 was replaced on reading. Streams and iterables count 0: their size is nobody's to know.
 */
export function bytesOfData(data: unknown, options: unknown): number {
  if (typeof data === 'string') return Buffer.byteLength(data, encodingOf(options));
  return ArrayBuffer.isView(data) ? data.byteLength : 0;
}

/** Bytes as a read or write reports them: a number, or an object with `bytesRead` or `bytesWritten`. */
export function bytesOfResult(result: unknown): number {
  if (typeof result === 'number') return result;
  if (typeof result !== 'object' || result === null) return 0;
  const { bytesRead, bytesWritten } = result as { bytesRead?: unknown; bytesWritten?: unknown };
  const bytes = bytesRead ?? bytesWritten;
  return typeof bytes === 'number' ? bytes : 0;
}
