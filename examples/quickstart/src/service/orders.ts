import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { effortMs } from './effort.ts';

interface Order {
  readonly product: string;
  readonly count: number;
  readonly card: string;
}

/** `POST /orders`: asks two other routes over HTTP, appends to a ledger, and is refused by the bank now and then. */
export function registerOrders(app: FastifyInstance, dataDir: string, ownUrl: () => string): void {
  app.post('/orders', async (request: FastifyRequest<{ Body: Order }>, reply) => {
    const { product, count, card } = request.body;
    if (!isPlausibleCard(card, effortMs(request, 'before'))) return reply.code(422).send({ error: 'no such card' });
    const [details, price] = await Promise.all([
      fetch(`${ownUrl()}/products/${encodeURIComponent(product)}`),
      fetch(`${ownUrl()}/prices/${encodeURIComponent(product)}`),
    ]);
    const [, { cents }] = (await Promise.all([details.json(), price.json()])) as [unknown, { cents: number }];
    if (!details.ok) return reply.code(details.status === 404 ? 404 : 502).send({ error: 'product is not available' });
    if (card.endsWith('13')) return reply.code(503).send({ error: 'the bank does not answer' });
    const total = totalWithTax(cents, count, effortMs(request, 'after'));
    await appendFile(join(dataDir, 'orders.log'), `${product} ${count} ${total}\n`);
    return reply.code(201).send({ product, count, total });
  });
}

/** Anything with a digit above 0 in it passes: this shop is easily pleased. */
function isPlausibleCard(card: string, effort: number): boolean {
  const until = performance.now() + effort;
  let sum = 0;
  do {
    sum = 0;
    for (const digit of card) sum += Number(digit) || 0;
  } while (performance.now() < until);
  return sum > 0;
}

function totalWithTax(cents: number, count: number, effort: number): number {
  const until = performance.now() + effort;
  let total = 0;
  do {
    total = 0;
    for (let i = 0; i < count; i++) total += Math.round(cents * 1.19);
  } while (performance.now() < until);
  return total;
}
