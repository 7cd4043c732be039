/** The stock service: one small HTTP service on a unix socket, served by two processes of a cluster. */
import cluster from 'node:cluster';
import Fastify, { type FastifyRequest } from 'fastify';

const SKU = /^[a-z0-9-]{1,64}$/;
const SHELVES = 400;

const app = Fastify({ forceCloseConnections: true });

app.get('/stock/:sku', async (request: FastifyRequest<{ Params: { sku: string } }>, reply) => {
  const { sku } = request.params;
  if (!SKU.test(sku)) return reply.code(404).send({ error: 'no such thing' });
  return { sku, left: countShelves(sku), counter: cluster.worker?.id };
});

function countShelves(sku: string): number {
  let left = 0;
  for (let shelf = 1; shelf <= SHELVES; shelf++) left += (sku.length * shelf * 7) % 3;
  return left;
}

async function main(): Promise<void> {
  // Ctrl-C reaches every process of a terminal at once: the shop ends this one, after its own last answer.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => undefined);
  process.once('disconnect', () => void app.close());
  await app.listen({ path: process.env.STOCK_SOCKET ?? 'stock.sock' });
}

void main();
