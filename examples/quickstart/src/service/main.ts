/**
 * A shop as anybody would write it: Fastify, files, some computing, calls between its own routes, a pool of threads, a
 * forked process for each of them, and a service of two more processes on a unix socket. It knows nothing of
 * OpenTelemetry or Sonde; both come from `node --import @sonde/node/register`.
 *
 * Environment: `PORT` (0 takes a free one), `DATA_DIR`, `CACHE_DIR`, `STOCK_SOCKET`.
 */
import { join } from 'node:path';
import Fastify from 'fastify';
import { registerDocuments } from './documents.ts';
import { registerJournal } from './journal.ts';
import { registerOrders } from './orders.ts';
import { startRenderPool } from './pool.ts';
import { registerPrices } from './prices.ts';
import { registerProducts } from './products.ts';
import { registerReports } from './reports.ts';
import { registerSearch } from './search.ts';
import { registerSessions } from './sessions.ts';
import { registerStock, startStock } from './stock.ts';
import { registerThumbnails } from './thumbnails.ts';

const { PORT = '0', DATA_DIR = '.', CACHE_DIR = DATA_DIR } = process.env;
process.env.STOCK_SOCKET ??=
  process.platform === 'win32' ? `\\\\.\\pipe\\shop-stock-${process.pid}` : join(DATA_DIR, 'stock.sock');

async function main(): Promise<void> {
  const app = Fastify({ forceCloseConnections: true });
  const [stock, pool] = await Promise.all([startStock(), startRenderPool()]);
  let ownUrl = '';

  registerProducts(app, DATA_DIR);
  registerThumbnails(app, DATA_DIR, pool);
  registerStock(app);
  registerReports(app, DATA_DIR, pool);
  registerJournal(app, DATA_DIR);
  registerDocuments(app, DATA_DIR);
  registerSearch(app, DATA_DIR);
  registerPrices(app, CACHE_DIR);
  registerSessions(app);
  registerOrders(app, DATA_DIR, () => ownUrl);

  ownUrl = await app.listen({ port: Number(PORT), host: '127.0.0.1' });
  console.log(`listening on ${ownUrl}`);

  let isEnding = false;
  const end = async (): Promise<void> => {
    await app.close();
    await pool.close();
    await stock.close();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      if (!isEnding) void end();
      isEnding = true;
    });
}

void main();
