import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { RenderPool } from './pool.ts';
import { loadProduct } from './products.ts';

/** `GET /products/:id/thumbnail`: a PNG, computed by a thread of the pool. */
export function registerThumbnails(app: FastifyInstance, dataDir: string, pool: RenderPool): void {
  app.get('/products/:id/thumbnail', async (request: FastifyRequest<{ Params: { id: string } }>, reply) => {
    const product = await loadProduct(dataDir, request.params.id);
    if (product === undefined) return reply.code(404).send({ error: 'no such product' });
    const { title, tags } = product;
    return reply.type('image/png').send(Buffer.from(await pool.thumbnail({ title, tags })));
  });
}
