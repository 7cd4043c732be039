/**
 * Preloaded before Sonde: each program gets a service name of its own, as its deployment would give it one, and each
 * worker thread says in its resource which one it is.
 */
import { basename } from 'node:path';
import { isMainThread, threadId } from 'node:worker_threads';

if (isMainThread) process.env.OTEL_SERVICE_NAME = basename(process.argv[1] ?? '', '.ts');
// A process that a thread forks inherits the environment of that thread.
process.env.OTEL_RESOURCE_ATTRIBUTES = isMainThread ? '' : `thread.id=${threadId}`;
