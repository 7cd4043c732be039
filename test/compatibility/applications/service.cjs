// The application of the matrix, given the functions as its module system bound them before anything ran:
// a service that reads files in four ways and calls itself, and a worker thread.
const { setTimeout: sleep } = require('node:timers/promises');

module.exports = async function serve(
  { createServer, open, readFile, readFileSync, createReadStream, Worker },
  worker,
) {
  const data = require.resolve('./data.txt');
  const routes = {
    '/promise': async () => (await readFile(data)).length,
    '/sync': async () => readFileSync(data).length,
    '/handle': async () => {
      const handle = await open(data);
      try {
        return (await handle.read(Buffer.alloc(64), 0, 64, 0)).bytesRead;
      } finally {
        await handle.close();
      }
    },
    // After its first await, where the stack no longer shows which request it is.
    '/block': async () => {
      await readFile(data);
      return blockTheLoop(250);
    },
    '/stream': async () => {
      let bytes = 0;
      for await (const chunk of createReadStream(data)) bytes += chunk.length;
      return bytes;
    },
  };
  const server = createServer((request, response) => {
    const route = routes[request.url];
    if (route === undefined) response.writeHead(500).end('no such route');
    else route().then((bytes) => response.end(`${bytes} bytes`));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const request = async (path) => {
    const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`);
    console.log(path, response.status, await response.text());
  };
  for (const path of ['/promise', '/sync', '/handle', '/stream', '/missing']) await request(path);
  const entries = await new Promise((resolve, reject) => new Worker(worker).on('message', resolve).on('error', reject));
  console.log('worker saw', entries);
  // A watcher of the loop may take a while to start on a busy machine: one of three is enough.
  for (let block = 0; block < 3 && process.argv.includes('block'); block++) {
    await sleep(400);
    await request('/block');
  }
  console.log('ready');
  await new Promise((resolve) => process.stdin.on('end', resolve).resume());
  server.close();
  server.closeAllConnections();
  process.exitCode = 3;
};

function blockTheLoop(milliseconds) {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
  return milliseconds;
}
