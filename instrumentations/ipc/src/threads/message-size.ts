/** Bytes of a message, where they are known for nothing: views of buffers (`Buffer`, typed arrays). Else NaN. */
export function messageBytes(message: unknown): number {
  return ArrayBuffer.isView(message) ? message.byteLength : Number.NaN;
}
