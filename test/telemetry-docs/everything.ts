// A program that gives every subsystem something to tell, run with the preload and everything on. Prints the events that
// it saw, by name with the keys that they carried, as one line of JSON.
import crypto from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import fsp from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import zlib from 'node:zlib';
import { type EventDefinition, eventStream } from '@sonde/event-stream';
import { fastify } from 'fastify';
import { messages } from './messages.ts';

const subscription = eventStream().subscribe({ from: 'oldest', batch: 4096 });
const seen: Record<string, string[]> = {};

function read(): void {
  const definitions = new Map(
    eventStream()
      .definitions()
      .map((definition) => [definition.name, definition]),
  );
  for (const { name, labels, value, detail, text } of subscription.read()) {
    const { value: first, detail: second, text: third } = definitions.get(name) ?? ({} as EventDefinition);
    const keys = new Set([...(seen[name] ?? []), ...Object.keys(labels)]);
    if (!Number.isNaN(value)) keys.add(first?.key ?? '(undefined value)');
    if (!Number.isNaN(detail)) keys.add(second?.key ?? '(undefined detail)');
    if (text !== '') keys.add(third?.key ?? '(undefined text)');
    seen[name] = [...keys].sort();
  }
}

const pause = promisify(setTimeout);

function spin(milliseconds: number): void {
  for (const end = performance.now() + milliseconds; performance.now() < end; ) crypto.createHash('sha1').digest();
}

/** More than the bridge writes at once, then more than the ring holds: it must tell both. */
async function flood(): Promise<void> {
  const flooding = eventStream().event({
    name: 'test.flood',
    category: 'process',
    severity: 13,
    description: 'A test.',
    labels: [{ key: 'test.number', description: 'Which.' }],
  });
  for (let n = 0; n < 150; n += 1) flooding.bind({ 'test.number': String(n) }).emit();
  await pause(1500);
  const one = flooding.bind({ 'test.number': 'the same' });
  for (let n = 0; n < 10_000; n += 1) one.emit();
}

async function readsAndWrites(folder: string): Promise<void> {
  const file = join(folder, 'file');
  fs.writeFileSync(file, Buffer.alloc(64 << 20, 1));
  fs.readFileSync(file);
  await promisify(fs.readFile)(file);
  await fsp.readFile(file);
  const handle = await fsp.open(file, 'r+');
  await handle.write('x');
  await handle.stat();
  await handle.close();
  await once(fs.createReadStream(file, { highWaterMark: 8 << 20 }).resume(), 'end');
  await fsp.readFile(join(folder, 'absent')).catch(() => {});
  try {
    fs.statSync(join(folder, 'absent', 'too'));
  } catch {}
}

async function poolWork(): Promise<void> {
  const pbkdf2 = promisify(crypto.pbkdf2);
  const hashes = Array.from({ length: 24 }, () => pbkdf2('password', 'salt', 200_000, 32, 'sha256'));
  await Promise.all([...hashes, promisify(zlib.gzip)(Buffer.alloc(8 << 20))]);
}

async function requests(): Promise<void> {
  // Fastify says which route a request has taken before its handler runs.
  const server = fastify();
  const spinning = { '/blocked': 400, '/long': 80, '/quick': 0 };
  for (const [path, ms] of Object.entries(spinning)) {
    server.get(path, async () => {
      spin(ms);
      return 'ok';
    });
  }
  const address = await server.listen({ port: 0, host: '127.0.0.1' });
  for (const path of Object.keys(spinning)) await (await fetch(`${address}${path}`)).text();
  server.server.closeAllConnections();
  await server.close();
}

async function worker(): Promise<void> {
  const code = "require('node:fs').readFileSync(process.execPath.slice(0, 1)); setTimeout(() => {}, 300);";
  const thread = new Worker(code, { eval: true });
  thread.on('error', () => {});
  await new Promise((resolve) => thread.on('exit', resolve));
}

async function garbage(): Promise<void> {
  for (let round = 0; round < 20; round += 1) {
    Array.from({ length: 100_000 }, (_, n) => ({ n }));
    await pause(5);
  }
}

const folder = fs.mkdtempSync(join(tmpdir(), 'sonde-everything-'));
try {
  await flood();
  await readsAndWrites(folder);
  await poolWork();
  await requests();
  await worker();
  await messages(folder);
  await garbage();
  // Two readings of what is sampled, and the bridge's fold window.
  await pause(6500);
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
for (let more = -1; more !== Object.keys(seen).length; ) {
  more = Object.keys(seen).length;
  read();
}
console.log(JSON.stringify(seen));
