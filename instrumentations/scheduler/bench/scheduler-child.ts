/**
 * A process whose metrics are collected once a second, with or without the scheduler. Arguments: what is on (`off`,
 * `unwatched`: all but the watcher, `on`), what the process does (`idle`, `light`: it serves itself 5 requests a second
 * over HTTP), and for how many seconds a round measures. A round answers with the CPU time of the process per second, in
 * ns.
 */
import { Agent, createServer, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { hotMetrics } from '@sonde/hot-metrics';
import { SchedulerInstrumentation } from '@sonde/instrumentation-scheduler';
import { serveRounds } from '../../../benchmarks/child.ts';

const [, , mode = 'on', load = 'idle', seconds = '3'] = process.argv;
/** Until the code of a collection is compiled: otherwise the first minutes of a process would be measured. */
const WARM_UP_COLLECTIONS = 400;
/** An idle process is watched closely at first: the watcher lies down after half a minute. */
const SETTLE_MS = load === 'idle' ? 32_000 : 1_000;
const REQUEST_EVERY_MS = 200;

class Reader extends MetricReader {
  protected override async onShutdown(): Promise<void> {}
  protected override async onForceFlush(): Promise<void> {}
}

const reader = new Reader({ metricProducers: [hotMetrics().producer()] });
const provider = new MeterProvider({ readers: [reader] });
if (mode !== 'off') {
  const instrumentation = new SchedulerInstrumentation(mode === 'unwatched' ? { blockedLoop: false } : {});
  instrumentation.setMeterProvider(provider);
}

const agent = new Agent({ keepAlive: true });
const server = createServer((_request, response) => response.end('{"status":"ok"}'));

function request(): void {
  const { port } = server.address() as { port: number };
  get({ host: '127.0.0.1', port, agent }, (response) => response.resume());
}

async function round(): Promise<number> {
  const collecting = setInterval(() => void reader.collect(), 1000);
  const working = load === 'light' ? setInterval(request, REQUEST_EVERY_MS) : undefined;
  const before = process.cpuUsage();
  const startMs = performance.now();
  await sleep(Number(seconds) * 1000 + 100);
  const { user, system } = process.cpuUsage(before);
  const elapsedSeconds = (performance.now() - startMs) / 1000;
  clearInterval(collecting);
  clearInterval(working);
  return ((user + system) * 1000) / elapsedSeconds;
}

async function main(): Promise<void> {
  for (let i = 0; i < WARM_UP_COLLECTIONS; i++) await reader.collect();
  if (load === 'light') {
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    for (let i = 0; i < WARM_UP_COLLECTIONS; i++) {
      request();
      await sleep(2);
    }
  }
  await sleep(SETTLE_MS);
  serveRounds(round);
}

void main();
