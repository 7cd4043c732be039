/**
 * A shop as anybody would write it: Fastify, files, some computing, calls between its own routes. It knows nothing of
 * OpenTelemetry or Sonde; both come from `node --import @sonde/node/register`.
 *
 * Environment: `PORT` (0 takes a free one), `DATA_DIR`, `CACHE_DIR`.
 */
import Fastify from 'fastify';
import { registerDocuments } from './documents.ts';
import { registerJournal } from './journal.ts';
import { registerOrders } from './orders.ts';
import { registerPrices } from './prices.ts';
import { registerProducts } from './products.ts';
import { registerSearch } from './search.ts';
import { registerSessions } from './sessions.ts';

const { PORT = '0', DATA_DIR = '.', CACHE_DIR = DATA_DIR } = process.env;

const app = Fastify({ forceCloseConnections: true });
let ownUrl = '';

registerProducts(app, DATA_DIR);
registerJournal(app, DATA_DIR);
registerDocuments(app, DATA_DIR);
registerSearch(app, DATA_DIR);
registerPrices(app, CACHE_DIR);
registerSessions(app);
registerOrders(app, DATA_DIR, () => ownUrl);

async function main(): Promise<void> {
  ownUrl = await app.listen({ port: Number(PORT), host: '127.0.0.1' });
  console.log(`listening on ${ownUrl}`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void app.close());
}

void main();
