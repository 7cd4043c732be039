import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { effortMs } from './effort.ts';

const NAME = /^[a-z0-9-]{1,64}$/;
const FRESH_MS = 5_000;

/** `GET /prices/:id`: a simulated price, kept for five seconds in a cache folder that may be on another mount. */
export function registerPrices(app: FastifyInstance, cacheDir: string): void {
  app.get('/prices/:id', async (request: FastifyRequest<{ Params: { id: string } }>, reply) => {
    const { id } = request.params;
    if (!NAME.test(id)) return reply.code(404).send({ error: 'no such product' });
    const volatility = estimateVolatility(id, effortMs(request, 'before'));
    const file = join(cacheDir, `${id}.price.json`);
    const cached = await readCache(file);
    if (cached !== undefined && effortMs(request, 'after') === 0) return cached;
    const price = { id, cents: simulatePrice(id, volatility, effortMs(request, 'after')), at: Date.now() };
    await writeFile(file, JSON.stringify(price));
    return price;
  });
}

async function readCache(file: string): Promise<{ at: number } | undefined> {
  try {
    const cached = JSON.parse(await readFile(file, 'utf8')) as { at: number };
    return Date.now() - cached.at < FRESH_MS ? cached : undefined;
  } catch {
    return undefined; // not there yet, or another request is writing it at this moment
  }
}

function estimateVolatility(id: string, effort: number): number {
  const until = performance.now() + effort;
  let volatility = 0;
  do {
    volatility = 0.1 + (id.length % 7) / 50;
    for (let i = 1; i < 200; i++) volatility += Math.sin(i * volatility) / (i * 1_000);
  } while (performance.now() < until);
  return volatility;
}

function simulatePrice(id: string, volatility: number, effort: number): number {
  const until = performance.now() + effort;
  let cents = 0;
  do {
    let price = 1_000 + 37 * id.length;
    for (let step = 0; step < 20_000; step++) price *= 1 + (volatility * Math.sin(step * 12.9898)) / 1_000;
    cents = Math.round(price);
  } while (performance.now() < until);
  return cents;
}
