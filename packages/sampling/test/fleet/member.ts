/**
 * One process of a fleet, or the first of several:
 * `member.ts cluster|threads|redis|thread RATES UNTIL_MS [REDIS_PORT CLIENT]`; prints what was kept as one line of JSON.
 */
import cluster from 'node:cluster';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { hostFleetStore, type RedisClient, redisFleetStore, shareBudget, threadFleetStore } from '../../src/index.ts';
import { traffic } from './traffic.ts';

const [mode = '', rates = '', until = '', port = '', clientName = ''] = isMainThread
  ? process.argv.slice(2)
  : (workerData as string[]);
const untilMs = Number(until);
const each = rates.split(',').map(Number);
const INTERVAL_MS = 1500;

async function redisClient(): Promise<RedisClient> {
  if (clientName === 'ioredis') {
    const client = new Redis({ host: '127.0.0.1', port: Number(port), retryStrategy: () => 200 });
    client.on('error', () => {});
    return client;
  }
  const client = createClient({
    socket: { host: '127.0.0.1', port: Number(port), reconnectStrategy: () => 200 },
    disableOfflineQueue: true,
  });
  client.on('error', () => {});
  await client.connect();
  return client as unknown as RedisClient;
}

function collect(
  reports: { on(event: 'message', listener: (report: unknown) => void): unknown }[],
): Promise<unknown[]> {
  const received: unknown[] = [];
  return new Promise((resolve) => {
    for (const one of reports) {
      one.on('message', (report) => {
        received.push(report);
        if (received.length === reports.length) setTimeout(() => resolve(received), 300);
      });
    }
  });
}

async function main(): Promise<void> {
  if (mode === 'threads' && isMainThread) {
    threadFleetStore();
    const workers = each.map(
      (rate) => new Worker(new URL(import.meta.url), { workerData: [mode, String(rate), until] }),
    );
    console.log(JSON.stringify(await collect(workers)));
  } else if (mode === 'threads') {
    const { sampler, run } = traffic();
    shareBudget(sampler, { store: threadFleetStore(), intervalMs: INTERVAL_MS });
    parentPort?.postMessage(await run(each[0] ?? 1, untilMs));
  } else if (mode === 'cluster' && cluster.isPrimary) {
    hostFleetStore();
    cluster.setupPrimary({ args: process.argv.slice(2) });
    const workers = each.map((rate) => cluster.fork({ RATE: String(rate) }));
    const reports = await collect(workers);
    for (const worker of workers) worker.disconnect();
    console.log(JSON.stringify(reports));
  } else if (mode === 'cluster') {
    const seen: unknown[] = [];
    process.on('message', (message) => seen.push(message));
    const { sampler, run } = traffic();
    shareBudget(sampler, { store: hostFleetStore(), intervalMs: INTERVAL_MS });
    const kept = await run(Number(process.env.RATE), untilMs);
    if (seen.length > 0) throw new Error(`the application saw ${JSON.stringify(seen)}`);
    process.send?.(kept);
  } else if (mode === 'idle') {
    shareBudget(traffic().sampler, { store: hostFleetStore(), intervalMs: INTERVAL_MS });
  } else {
    const { sampler, run } = traffic();
    const client = await redisClient();
    shareBudget(sampler, { store: redisFleetStore(client, { group: 'test' }), intervalMs: INTERVAL_MS });
    console.log(JSON.stringify([await run(each[0] ?? 1, untilMs)]));
    process.exit(0);
  }
}

void main();
