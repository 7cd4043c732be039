/**
 * Preloaded before Sonde: each program gets a service name of its own, as its deployment would give it one.
 */
import { basename } from 'node:path';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) process.env.OTEL_SERVICE_NAME = basename(process.argv[1] ?? '', '.ts');
