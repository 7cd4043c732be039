import { channel } from 'node:diagnostics_channel';
import type { Worker } from 'node:worker_threads';
import { guarded } from '@sonde/instrumentation-kit';

/** Told by Node when this thread constructs a Worker. */
const WORKERS = channel('worker_threads');

/** Knows the workers that this thread started. */
export interface ChildWatch {
  /** Thread ids of those that run. */
  readonly running: readonly number[];
  /** Thread ids of those that have ended since the last call. */
  takeEnded(): number[];
  close(): void;
}

/**
 * Watches workers without touching them. BAD: an 'exit' listener on the worker, or `process.on('worker')`: user code
 * sees it in listenerCount and loses it to removeAllListeners. An ended worker has threadId -1, and its thread is
 * joined by then: its memory is final.
 * @param onStarted called as the worker is constructed, before it runs any code
 */
export function watchChildren(onStarted: (threadId: number) => void): ChildWatch {
  const children = new Map<Worker, number>();
  // Guarded: what a subscriber throws becomes an uncaught exception of the application.
  const hear = guarded('event-bridge.child', (message: unknown) => {
    const { worker } = message as { readonly worker: Worker };
    const { threadId } = worker;
    children.set(worker, threadId);
    onStarted(threadId);
  });
  WORKERS.subscribe(hear);
  return {
    get running(): readonly number[] {
      return [...children.values()];
    },
    takeEnded(): number[] {
      const ended: number[] = [];
      for (const [worker, threadId] of children) {
        if (worker.threadId !== -1) continue;
        children.delete(worker);
        ended.push(threadId);
      }
      return ended;
    },
    close(): void {
      WORKERS.unsubscribe(hear);
      children.clear();
    },
  };
}
