import { isMainThread } from 'node:worker_threads';
import { type EventStream, eventStream, type RingDescriptor } from '@sonde/event-stream';
import { type HotBlockDescriptor, type HotMetrics, hotMetrics } from '@sonde/hot-metrics';
import { type LibuvPool, type LibuvPoolDescriptor, libuvPool } from '@sonde/instrumentation-kit';
import type { ThreadParticipant } from './types.ts';

/** How long queries still see the events of a thread that has ended: long enough to ask why it did. */
const EVENT_LINGER_MS = 60_000;

/** The event ring of this thread, for `linkThreads`: the events of all linked threads become one stream. */
export function eventParticipant(stream: EventStream = eventStream()): ThreadParticipant<RingDescriptor> {
  return {
    topic: 'events',
    lingerMs: EVENT_LINGER_MS,
    onAllocate: (listener) => stream.onAllocate(listener),
    attach: (descriptor) => stream.attach(descriptor),
    detach: (threadId) => stream.detach(threadId),
    publish: () => stream.flush(),
  };
}

/**
 * The metric blocks of this thread, for `linkThreads`: producers of the main thread report the sums over all linked
 * threads. A worker so linked records into its blocks only, never into ordinary instruments of a provider of its own.
 */
export function metricParticipant(metrics: HotMetrics = hotMetrics()): ThreadParticipant<HotBlockDescriptor> {
  return {
    topic: 'metrics',
    // Announcing ends the fallback to ordinary instruments, and nobody reads the blocks of the main thread but itself.
    onAllocate: (listener) => (isMainThread ? () => {} : metrics.onBlock(listener)),
    attach: (descriptor) => metrics.attach(descriptor),
    detach: (threadId) => metrics.detach(threadId),
  };
}

/**
 * The libuv pool account, for `linkThreads`: what a thread that has ended had in flight is taken out of the account that
 * all threads share. The memory is shared from the start; only the end of a thread has to be told.
 */
export function poolParticipant(pool: LibuvPool = libuvPool()): ThreadParticipant<LibuvPoolDescriptor> {
  return {
    topic: 'libuv-pool',
    onAllocate: (listener) => pool.onAllocate(listener),
    attach: (descriptor) => pool.attach(descriptor),
    detach: (threadId) => pool.detach(threadId),
  };
}
