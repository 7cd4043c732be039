// A request that goes through a pool of threads, a child process and a service on a unix socket; many at once.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Piscina } from 'piscina';

const folder = mkdtempSync(join(tmpdir(), 'sonde-chain-'));
const socketPath = join(folder, 'stock.sock');
const stock = fork(new URL('./stock.mjs', import.meta.url), [socketPath]);
await once(stock, 'message');
const pool = new Piscina({ filename: new URL('./job.mjs', import.meta.url).href, minThreads: 2, maxThreads: 2 });

const server = createServer(async (request, response) => {
  const [, , number] = request.url.split('/');
  response.end(await pool.run({ number, socketPath }));
});
await once(server.listen(0, '127.0.0.1'), 'listening');

const ask = (number) =>
  new Promise((resolve, reject) => {
    get(`http://127.0.0.1:${server.address().port}/chain/${number}`, async (response) => {
      resolve((await response.setEncoding('utf8').toArray()).join(''));
    }).on('error', reject);
  });
// More than there are threads: some have to queue, and one thread's answer makes room for another's request.
for (const answer of await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(ask))) console.log(answer);
console.log('ready');
process.stdin.resume().on('end', async () => {
  // Time for the threads to send what they have: a pool terminates them.
  await new Promise((resolve) => setTimeout(resolve, 500));
  server.close();
  await pool.destroy();
  stock.disconnect();
  await once(stock, 'exit');
  rmSync(folder, { recursive: true });
  process.exitCode = 3;
});
