// GET /quotes/:sku asks a worker thread for a price and, at the same time, a service on a unix socket for the stock.
import { createServer } from 'node:http';
import { Worker } from 'node:worker_threads';
import { ask } from './ask.ts';

const calculator = new Worker(new URL('./calculator.ts', import.meta.url));
const waiting = new Map<number, (price: number) => void>();
calculator.on('message', ({ id, price }) => waiting.get(id)?.(price));

let last = 0;
const server = createServer(async (request, response) => {
  const sku = request.url?.split('/').at(-1);
  const id = ++last;
  const price = new Promise<number>((resolve) => waiting.set(id, resolve));
  calculator.postMessage({ id, sku });
  const [total, stock] = await Promise.all([price, ask(`/stock/${sku}`)]);
  waiting.delete(id);
  response.end(JSON.stringify({ sku, total, stock }));
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify(server.address())));
process.on('SIGTERM', () => {
  server.close();
  calculator.postMessage('end');
});
