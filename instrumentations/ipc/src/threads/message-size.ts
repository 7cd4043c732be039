/** Bytes of a message, where they are known for nothing: views of buffers (`Buffer`, typed arrays). Else 0. */
export function messageBytes(message: unknown): number {
  return ArrayBuffer.isView(message) ? message.byteLength : 0;
}
