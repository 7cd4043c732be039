import { readdir } from 'node:fs/promises';
import { parentPort } from 'node:worker_threads';

// Nobody else in the application calls readdir: what is counted of it came from this thread.
readdir(new URL('.', import.meta.url)).then((names) => parentPort.postMessage(names.includes('worker.mjs')));
