import { clearInterval, setInterval } from 'node:timers';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';

/**
 * Calls back every `ms` milliseconds and keeps no process alive. The callback runs in the root context: a timer keeps the
 * context it was started in, which may be that of a request, with all that it holds. Returns the undo.
 */
export function everyUnref(callback: () => void, ms: number): () => void {
  const timer = context.with(ROOT_CONTEXT, () => setInterval(callback, ms)).unref();
  return () => clearInterval(timer);
}
