/**
 * The measured service: Fastify, one route that answers from memory and one that reads a file for each request. What
 * observes it comes by `--import`. `/usage` answers with what the process has spent so far. No IPC channel: it would make
 * this a child process in Sonde's eyes.
 */
import { readFile } from 'node:fs/promises';
import Fastify from 'fastify';

const app = Fastify();
const items = new Map(
  Array.from({ length: 1_000 }, (_, id) => [String(id), { id, name: `item ${id}`, cents: id * 7 }]),
);
let requests = 0;

app.get<{ Params: { id: string } }>('/items/:id', async (request, reply) => {
  requests++;
  return items.get(request.params.id) ?? reply.code(404).send({ error: 'no such item' });
});

app.get<{ Params: { id: string } }>('/files/:id', async (request) => {
  requests++;
  const text = await readFile(import.meta.filename, 'utf8');
  return { id: request.params.id, length: text.length };
});

app.get('/usage', async () => {
  const { user, system } = process.cpuUsage();
  return { requests, cpuMicros: user + system, rssBytes: process.memoryUsage.rss() };
});

async function main(): Promise<void> {
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  // performance.now() counts from the start of the process: the time that a user waits for the first answer.
  process.stdout.write(`${JSON.stringify({ url, startMs: performance.now() })}\n`);
}

void main();
