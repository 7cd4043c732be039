import { join } from 'node:path';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { RenderPool } from './pool.ts';

const NAME = /^[a-z0-9-]{1,64}$/;

/**
 * `GET /reports/:day`: the long way round. A thread of the pool counts the words of the day, its forecaster (a forked
 * process) says what will be wanted, and asks the stock service (another two) what is left.
 */
export function registerReports(app: FastifyInstance, dataDir: string, pool: RenderPool): void {
  app.get('/reports/:day', async (request: FastifyRequest<{ Params: { day: string } }>, reply) => {
    const { day } = request.params;
    if (!NAME.test(day)) return reply.code(404).send({ error: 'no such day' });
    return pool.dayReport({ day, file: join(dataDir, 'journal', `${day}.log`) });
  });
}
