import { isMainThread, threadId } from 'node:worker_threads';
import { createEventStream } from './event-stream.ts';
import { WORKER_SLOTS } from './options.ts';
import { shared } from './runtime.ts';
import type { EventStream, RingSizes } from './types.ts';

/**
 * The stream of this thread that all of Sonde uses: 65,536 slots in the main thread, 8,192 in a worker, unless
 * configured. It is made at the first call and holds next to nothing until the first event.
 */
export function eventStream(): EventStream {
  return shared('event-stream/1', () =>
    createEventStream({ threadId, pid: process.pid, ...(isMainThread ? {} : { slots: WORKER_SLOTS }) }),
  );
}

/**
 * Sets the sizes of this thread's stream. True when they hold; false when it has emitted already, and then nothing
 * changes.
 * @throws RangeError for a value out of range, with nothing changed
 */
export function configureEventStream(sizes: RingSizes): boolean {
  return eventStream().resize(sizes);
}
