/**
 * The measured service: node:http, a server span from instrumentation-http and SPANS_INSIDE spans within, as middleware, queries
 * and calls make them. What observes it comes by `--import`. `/usage` answers with what the event-loop thread has spent.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { context, type Span, type Tracer, trace } from '@opentelemetry/api';
import type { ServiceUsage } from './measured-service.ts';

const SPANS_INSIDE = Number(process.env.SPANS_INSIDE);
let requests = 0;

function work(tracer: Tracer, n: number): Span {
  const span = tracer.startSpan('query', { attributes: { 'db.system.name': 'postgresql', 'db.namespace': 'shop' } });
  span.setAttribute('db.query.text', 'SELECT * FROM items WHERE id = $1');
  span.setAttribute('db.response.returned_rows', n);
  return span;
}

/** `depth` spans, each inside the one before, over a few turns of the loop. */
async function answer(tracer: Tracer, depth: number): Promise<number> {
  if (depth === 0) return JSON.stringify(Array.from({ length: 50 }, (_, id) => ({ id, name: `item ${id}` }))).length;
  const span = work(tracer, depth);
  try {
    if (depth % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
    return await context.with(trace.setSpan(context.active(), span), () => answer(tracer, depth - 1));
  } finally {
    span.end();
  }
}

function usage(): ServiceUsage {
  // Newer than the types, which are those of the oldest Node supported.
  const { user, system } = (process as unknown as { threadCpuUsage(): NodeJS.CpuUsage }).threadCpuUsage();
  const described = (globalThis as { describeGovernor?: () => ServiceUsage['governor'] }).describeGovernor?.();
  return { requests, threadMicros: user + system, atMs: performance.now(), governor: described };
}

const server = createServer((request, response) => {
  if (request.url === '/usage') {
    response.end(JSON.stringify(usage()));
    return;
  }
  requests += 1;
  answer(trace.getTracer('service'), SPANS_INSIDE).then(
    (length) => response.end(String(length)),
    () => response.destroy(),
  );
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })}\n`);
});
