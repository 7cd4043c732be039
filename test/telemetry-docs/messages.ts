// Everything that can be told of threads, children, pipes and the order of things.
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import { connect, createServer as createSocketServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BroadcastChannel, MessageChannel, Worker } from 'node:worker_threads';
import { propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { sonde } from '@sonde/node';

const pause = promisify(setTimeout);
const tracer = trace.getTracer('test.messages');

const THREAD = `
  const { parentPort } = require('node:worker_threads');
  parentPort.on('message', (message) => {
    if (message.spin > 0) for (const end = Date.now() + message.spin; Date.now() < end; );
    parentPort.postMessage({ done: message.id });
  });
`;
const CHILD = `
  process.on('message', (message) => {
    for (const end = Date.now() + 150; Date.now() < end; );
    process.send(message);
  });
`;

/** Messages to a thread: quick, slow, one that cannot be cloned, and some that nobody takes up. */
async function threads(folder: string): Promise<void> {
  const script = join(folder, 'thread.cjs');
  writeFileSync(script, THREAD);
  const worker = new Worker(script);
  await once(worker, 'online');
  for (const spin of [0, 150]) {
    worker.postMessage({ id: spin, spin });
    await once(worker, 'message');
  }
  // Sent right from the handler of an answer: to whose work it belongs cannot be told.
  const answered = new Promise<void>((resolve) => {
    worker.once('message', () => {
      worker.postMessage({ id: 1, spin: 0 });
      worker.once('message', () => resolve());
    });
  });
  worker.postMessage({ id: 0, spin: 0 });
  await answered;
  try {
    worker.postMessage({ id: 1, cannot: () => {} });
  } catch {}
  worker.postMessage({ id: 2, spin: 400 });
  for (let id = 3; id < 40; id += 1) worker.postMessage({ id, spin: 400 });
  await pause(50);
  await worker.terminate();
}

async function ports(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage('through a port');
  await once(port2, 'message');
  port1.close();
  const [here, there] = [new BroadcastChannel('test'), new BroadcastChannel('test')];
  const arrived = new Promise((resolve) => {
    there.onmessage = resolve;
  });
  here.postMessage('to all');
  await arrived;
  for (const channel of [here, there]) channel.close();
}

/** A child that answers, one that fails, one that is killed, and one that cannot be started. */
async function children(folder: string): Promise<void> {
  const script = join(folder, 'child.cjs');
  writeFileSync(script, CHILD);
  const child = fork(script, { stdio: 'pipe' });
  child.send({ id: 1 });
  await once(child, 'message');
  // More than a pipe holds.
  for (let id = 0; id < 20; id += 1) child.send({ id, text: 'x'.repeat(100_000) });
  await pause(1200);
  child.kill('SIGKILL');
  await once(child, 'exit');
  for (const [file, args] of [
    [process.execPath, ['-e', 'process.exit(3)']],
    [process.execPath, ['-e', 'process.kill(process.pid)']],
    [join(folder, 'absent'), []],
  ] as const) {
    const other = spawn(file, args);
    other.on('error', () => {});
    await new Promise((resolve) => other.on('close', resolve));
  }
}

async function sockets(folder: string): Promise<void> {
  const path = join(folder, 'socket');
  const server = createSocketServer((socket) => socket.pipe(socket)).listen(path);
  await once(server, 'listening');
  const socket = connect(path);
  socket.write('there and back');
  await once(socket, 'data');
  await pause(1200);
  socket.end();
  await once(socket, 'close');
  server.close();
  const refused = connect(join(folder, 'no-socket'));
  await once(refused, 'error').catch(() => {});
}

/** Timestamps that arrive and that do not, one that finds no room, and a chain. */
async function order(): Promise<void> {
  const server = createServer((_request, response) => response.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => get({ port }, (response) => response.resume().on('end', resolve)));
  server.close();
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  propagation.extract(ROOT_CONTEXT, { traceparent, tracestate: 'sonde=nonsense' });
  const tracestate = Array.from({ length: 32 }, (_, n) => `vendor${n}=1`).join();
  propagation.inject(propagation.extract(ROOT_CONTEXT, { traceparent, tracestate }), {});
  sonde.runInChain('order-1', () => undefined);
}

/** All of it, within a span that is recorded. */
export async function messages(folder: string): Promise<void> {
  await tracer.startActiveSpan('test.messages', async (span) => {
    await threads(folder);
    await ports();
    await children(folder);
    await sockets(folder);
    await order();
    span.end();
  });
}
