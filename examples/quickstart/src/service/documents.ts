import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createGzip } from 'node:zlib';
import type { FastifyInstance, FastifyRequest } from 'fastify';

const NAME = /^[a-z0-9-]{1,64}$/;

/** `GET /documents/:name`: a file streamed to the client through gzip. */
export function registerDocuments(app: FastifyInstance, dataDir: string): void {
  app.get('/documents/:name', async (request: FastifyRequest<{ Params: { name: string } }>, reply) => {
    const { name } = request.params;
    if (!NAME.test(name)) return reply.code(404).send({ error: 'no such document' });
    const gzip = createGzip({ level: 1 });
    createReadStream(join(dataDir, 'documents', `${name}.txt`))
      .on('error', (error) => gzip.destroy(error))
      .pipe(gzip);
    return reply.header('content-encoding', 'gzip').type('text/plain').send(gzip);
  });
}
