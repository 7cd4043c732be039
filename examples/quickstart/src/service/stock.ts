import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { join } from 'node:path';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { askStock, closeStockConnections } from './stock/client.ts';

/** The processes that serve the stock. */
export interface StockService {
  /** Ends them; resolves when they are gone. */
  close(): Promise<void>;
}

const NAME = /^[a-z0-9-]{1,64}$/;
const PROCESSES = 2;
const MOST_RESTARTS = 8;
const END_MS = 3_000;

/** Starts the stock service; resolves when all its processes listen. One that dies is replaced, some times. */
export async function startStock(): Promise<StockService> {
  cluster.setupPrimary({ exec: join(import.meta.dirname, 'stock', 'stock-counter.ts'), args: [] });
  let isClosing = false;
  let restarts = 0;
  const workers = Array.from({ length: PROCESSES }, () => cluster.fork());
  await Promise.all(workers.map(listening));
  cluster.on('exit', () => {
    if (!isClosing && restarts++ < MOST_RESTARTS) cluster.fork();
  });
  return {
    close: async () => {
      isClosing = true;
      closeStockConnections();
      await Promise.all(Object.values(cluster.workers ?? {}).map((worker) => worker && end(worker)));
    },
  };
}

/** `GET /products/:id/stock`: asks the stock service. */
export function registerStock(app: FastifyInstance): void {
  app.get('/products/:id/stock', async (request: FastifyRequest<{ Params: { id: string } }>, reply) => {
    const { id } = request.params;
    return NAME.test(id) ? askStock(id) : reply.code(404).send({ error: 'no such product' });
  });
}

/** @throws Error when it ends before it listens */
async function listening(worker: Worker): Promise<void> {
  const ended = once(worker, 'exit').then(([code]) => {
    throw new Error(`a process of the stock service ended with code ${code} before it listened`);
  });
  await Promise.race([once(worker, 'listening'), ended]);
}

async function end(worker: Worker): Promise<void> {
  const exited = once(worker, 'exit');
  worker.disconnect();
  const timer = setTimeout(() => worker.process.kill('SIGKILL'), END_MS);
  await exited;
  clearTimeout(timer);
}
