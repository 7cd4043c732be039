import { FleetError } from './types.ts';

/** Rejects when a promise takes longer; what it gives later is ignored. */
export function limited<T>(
  promise: Promise<T>,
  limitMs: number,
  after: (ms: number, callback: () => void) => () => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = after(limitMs, () => reject(new FleetError('timeout', `no answer within ${limitMs} ms`)));
    promise.then(
      (value) => {
        cancel();
        resolve(value);
      },
      (error: unknown) => {
        cancel();
        reject(error);
      },
    );
  });
}

/** A timer that keeps no process alive. */
export function afterUnref(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms).unref();
  return (): void => clearTimeout(timer);
}
