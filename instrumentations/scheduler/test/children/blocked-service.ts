/** A service that blocks its loop in the way its first argument names; prints what it was told about, as JSON. */
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { trace } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import { eventStream } from '@sonde/event-stream';
import {
  type BlockedLoopReport,
  SchedulerInstrumentation,
  SchedulerSpanProcessor,
} from '@sonde/instrumentation-scheduler';

const [, , mode = 'sync', ms = '500'] = process.argv;
const blockMs = Number(ms);
const reports: BlockedLoopReport[] = [];
const ended: ReadableSpan[] = [];
const processor: SpanProcessor = {
  onStart: () => undefined,
  onEnd: (span) => ended.push(span),
  forceFlush: async () => undefined,
  shutdown: async () => undefined,
};
const instrumentation = new SchedulerInstrumentation({
  blockedLoop: { onBlockedLoop: (report) => reports.push(report) },
});
const sdk = new NodeSDK({
  instrumentations: [instrumentation],
  spanProcessors: [new SchedulerSpanProcessor(), processor],
});
sdk.start();

function burnCpu(): number {
  const end = performance.now() + blockMs;
  let rounds = 0;
  while (performance.now() < end) rounds += 1;
  return rounds;
}

const HOW: Readonly<Record<string, () => unknown>> = {
  sync: burnCpu,
  timer: burnCpu,
  await: burnCpu,
  exec: () => execFileSync('sleep', [String(blockMs / 1000)]),
  atomics: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockMs),
};

async function handleOrder(): Promise<void> {
  if (mode === 'await') await Promise.resolve();
  if (mode === 'timer') await sleep(5);
  HOW[mode]?.();
}

const tracer = trace.getTracer('test');
const server = createServer((_request, response) => {
  const attributes = { 'http.route': '/orders/:id' };
  void tracer.startActiveSpan('GET /orders/:id', { kind: 1, attributes }, async (span) => {
    await handleOrder();
    span.end();
    response.end('done');
  });
});

async function main(): Promise<void> {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as { port: number };
  await sleep(400);
  await (await fetch(`http://127.0.0.1:${port}/orders/1`)).text();
  await sleep(300);
  server.close();
  server.closeAllConnections();
  const events = eventStream().query().where({ category: 'scheduler' }).records();
  const spans = ended.map((span) => {
    const { traceId, spanId } = span.spanContext();
    const { name, attributes, parentSpanContext, startTime, endTime } = span;
    return { name, attributes, traceId, spanId, parentSpanId: parentSpanContext?.spanId, startTime, endTime };
  });
  const longTurns = instrumentation.longTurns();
  console.log(JSON.stringify({ reports, events, spans, longTurns }, (_, v) => (typeof v === 'bigint' ? String(v) : v)));
}

void main();
