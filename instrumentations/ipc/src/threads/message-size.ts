/** Bytes of a message, where they are known without serialising it: buffers. NaN for everything else. */
export function messageBytes(message: unknown): number {
  if (typeof message !== 'object' || message === null) return Number.NaN;
  if (ArrayBuffer.isView(message)) return message.byteLength;
  return message instanceof ArrayBuffer ? message.byteLength : Number.NaN;
}
