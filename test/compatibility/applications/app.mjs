import { createReadStream, readFileSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { Worker } from 'node:worker_threads';
import serve from './service.cjs';

serve({ createServer, open, readFile, readFileSync, createReadStream, Worker }, new URL('worker.mjs', import.meta.url));
