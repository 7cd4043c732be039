// As main.mjs, in CommonJS.
const { fork } = require('node:child_process');
const { once } = require('node:events');
const { mkdtempSync, rmSync } = require('node:fs');
const { createServer, get } = require('node:http');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { Piscina } = require('piscina');

const folder = mkdtempSync(join(tmpdir(), 'sonde-chain-'));
const socketPath = join(folder, 'stock.sock');

const ask = (port, number) =>
  new Promise((resolve, reject) => {
    get(`http://127.0.0.1:${port}/chain/${number}`, async (response) => {
      resolve((await response.setEncoding('utf8').toArray()).join(''));
    }).on('error', reject);
  });

async function main() {
  const stock = fork(join(__dirname, 'stock.cjs'), [socketPath]);
  await once(stock, 'message');
  const pool = new Piscina({ filename: join(__dirname, 'job.cjs'), minThreads: 2, maxThreads: 2 });
  const server = createServer(async (request, response) => {
    const [, , number] = request.url.split('/');
    response.end(await pool.run({ number, socketPath }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const answers = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map((number) => ask(server.address().port, number)));
  for (const answer of answers) console.log(answer);
  console.log('ready');
  process.stdin.resume().on('end', async () => {
    await new Promise((resolve) => setTimeout(resolve, 500));
    server.close();
    await pool.destroy();
    stock.disconnect();
    await once(stock, 'exit');
    rmSync(folder, { recursive: true });
    process.exitCode = 3;
  });
}

void main();
