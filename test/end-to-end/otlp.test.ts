import { execFileSync } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import {
  attributes,
  durationMs,
  hex,
  type ProtobufSink,
  type Received,
  type Span,
  startProtobufSink,
} from './otlp-sink.ts';
import { type Shop, startShop } from './shop.ts';

const SERVER = 2;
const CLIENT = 3;
const SLOW_MS = 300;
const BLOCKED_MS = 500;

let sink: ProtobufSink;
let shop: Shop;
let exitCode: number | null;

beforeAll(async () => {
  sink = await startProtobufSink();
  shop = await startShop({
    OTEL_SERVICE_NAME: 'shop-under-test',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
    OTEL_METRIC_EXPORT_INTERVAL: '1000',
    OTEL_METRIC_EXPORT_TIMEOUT: '1000',
  });
  await send('POST', '/orders', { body: { product: 'p1', count: 2, card: '4000-42' } });
  await readSlowly();
  await send('GET', '/products/p2', { effort: `after=${BLOCKED_MS}` });
  await send('GET', '/products/p37');
  exitCode = await shop.stop();
}, 40_000);

afterAll(async () => {
  await shop.dispose();
  await sink.close();
});

async function send(method: string, path: string, { body, effort }: { body?: object; effort?: string } = {}) {
  const response = await fetch(shop.url + path, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(effort === undefined ? {} : { 'x-effort': effort }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  await response.text();
}

/** A product whose file is a FIFO that gets its writer late. */
async function readSlowly(): Promise<void> {
  const path = join(shop.folders.data, 'products', 'late.json');
  execFileSync('mkfifo', [path]);
  const answer = send('GET', '/products/late');
  // Opens once it is being read.
  const writer = await open(path, 'w');
  await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
  await writer.writeFile(JSON.stringify({ id: 'late', title: 'late', cents: 1, tags: ['late'] }));
  await writer.close();
  await answer;
}

function serverSpan(route: string): Span[] {
  return spans(({ item }) => item.kind === SERVER && attributes(item.attributes)['http.route'] === route);
}

function spans(wanted: (received: Received<Span>) => boolean): Span[] {
  return sink.spans.filter(wanted).map(({ item }) => item);
}

test('the service ends as it would without Sonde, after everything was delivered', () => {
  expect(exitCode).toBe(0);
  expect(sink.refused).toEqual([]);
});

test('every signal carries the resource that the environment describes', () => {
  for (const received of [sink.spans, sink.metrics, sink.logs]) {
    expect(received.length).toBeGreaterThan(0);
    for (const { resource } of received)
      expect(resource).toMatchObject({
        'service.name': 'shop-under-test',
        'deployment.environment.name': 'test',
        'telemetry.sdk.language': 'nodejs',
      });
  }
});

test('server spans carry the routes of Fastify', () => {
  const routes = spans(({ item }) => item.kind === SERVER).map((span) => attributes(span.attributes)['http.route']);
  expect(routes.sort()).toEqual([
    '/orders',
    '/prices/:id',
    '/products/:id',
    '/products/:id',
    '/products/:id',
    '/products/:id',
  ]);
});

test('a call over HTTP is one trace: server span, client span below it, server span below that', () => {
  const [order] = serverSpan('/orders');
  const clients = spans(({ item }) => item.kind === CLIENT && hex(item.parentSpanId) === hex(order?.spanId));
  expect(clients).toHaveLength(2);
  for (const client of clients) {
    expect(hex(client.traceId)).toBe(hex(order?.traceId));
    const called = spans(({ item }) => item.kind === SERVER && hex(item.parentSpanId) === hex(client.spanId));
    expect(called.map(({ traceId }) => hex(traceId))).toEqual([hex(order?.traceId)]);
  }
});

test('what the exporters do is neither a span nor counted as a request of the service', () => {
  const port = Number(new URL(sink.url).port);
  const isOwn = (pairs: Span['attributes']): boolean => attributes(pairs)['server.port'] === port;
  expect(spans(({ item }) => isOwn(item.attributes))).toEqual([]);
  const counted = sink.metrics
    .filter(({ item }) => item.name === 'http.client.request.duration')
    .flatMap(({ item }) => item.histogram?.dataPoints ?? []);
  expect(counted.length).toBeGreaterThan(0);
  expect(counted.filter((point) => isOwn(point.attributes))).toEqual([]);
});

test('a slow read is a span below its request, with operation, mount, path and its true duration', () => {
  // On a busy machine others are slow as well.
  const isLate = (pairs: Span['attributes']): boolean => /late\.json$/.test(String(attributes(pairs)['file.path']));
  const slow = spans(({ item }) => item.name === 'vfs readFile' && isLate(item.attributes));
  expect(slow).toHaveLength(1);
  const [span] = slow;
  expect(attributes(span?.attributes)).toMatchObject({
    'sonde.vfs.operation': 'readFile',
    'sonde.vfs.api': 'promise',
    'system.filesystem.mountpoint': expect.stringMatching(/^\//),
  });
  expect(span === undefined ? 0 : durationMs(span)).toBeGreaterThanOrEqual(SLOW_MS - 50);
  const parents = serverSpan('/products/:id').map(({ spanId }) => hex(spanId));
  expect(parents).toContain(hex(span?.parentSpanId));
});

test('a blocked loop is a log record with function, line, stack and route, in the trace that blocked it', () => {
  const stalls = sink.logs.filter(({ item }) => item.eventName === 'sonde.scheduler.blocked_loop');
  const [stall] = stalls.filter(({ item }) => attributes(item.attributes)['http.route'] === '/products/:id');
  expect(attributes(stall?.item.attributes)).toMatchObject({
    // The function itself, or one that it calls.
    'code.function.name': expect.stringMatching(/^(rankSimilar|distance|<anonymous>)$/),
    'code.line.number': expect.any(Number),
    'code.stacktrace': expect.stringMatching(/rankSimilar .*service\/products\.ts:\d+/),
    'http.route': '/products/:id',
  });
  expect(stall?.item.severityNumber).toBe(13);
  const traces = serverSpan('/products/:id').map(({ traceId }) => hex(traceId));
  expect(traces).toContain(hex(stall?.item.traceId));
});

test('metrics arrive with their units, once each', () => {
  const units = new Map(sink.metrics.map(({ item }) => [item.name, item.unit]));
  expect(Object.fromEntries(units)).toMatchObject({
    'http.server.request.duration': 's',
    'sonde.vfs.operation.duration': 's',
    'sonde.vfs.io': 'By',
    'sonde.scheduler.eventloop.turn.duration': 's',
    'nodejs.eventloop.utilization': '1',
    'sonde.event_stream.events': '{event}',
  });
  const [last] = sink.metrics.filter(({ item }) => item.name === 'http.server.request.duration').slice(-1);
  const counts = last?.item.histogram?.dataPoints.map(({ count }) => Number(count)) ?? [];
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(6);
});

test('a failing route is an error: in its span, and in the metric by status code', () => {
  const failed = serverSpan('/products/:id').filter(
    (span) => attributes(span.attributes)['http.response.status_code'] === 500,
  );
  expect(failed).toHaveLength(1);
});
