import http, { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { describeUnavailable } from '../src/own-providers.ts';
import {
  createPrometheusEndpoint,
  type PrometheusEndpoint,
  type PrometheusEndpointConfig,
} from '../src/prometheus-endpoint.ts';

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function ask(url: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    http
      .request(url, { headers, method, agent: false }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
      })
      .on('error', reject)
      .end();
  });
}

describe('the Prometheus endpoint', () => {
  const running: { stop(): unknown }[] = [];
  const told: string[] = [];
  const retries: (() => void)[] = [];

  const create = (config: Partial<PrometheusEndpointConfig> = {}): PrometheusEndpoint => {
    const endpoint = createPrometheusEndpoint({
      port: 0,
      onUnavailable: (address, reason) => told.push(`${address} ${reason}`),
      setTimeout: (callback) => {
        retries.push(callback);
        return { unref() {} };
      },
      ...config,
    });
    running.push(endpoint);
    new MeterProvider({ readers: [endpoint.reader] }).getMeter('app').createCounter('orders').add(3);
    return endpoint;
  };
  /** It has no event of its own: asked until the port is bound. */
  const bound = async (endpoint: PrometheusEndpoint): Promise<string> => {
    while (endpoint.url.includes(':0/')) await new Promise((resolve) => setImmediate(resolve));
    return endpoint.url;
  };
  const occupy = async (host = '127.0.0.1'): Promise<{ port: number; server: Server }> => {
    const server = createServer();
    running.push({ stop: () => server.close() });
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    return { port: (server.address() as AddressInfo).port, server };
  };

  beforeEach(() => {
    told.length = 0;
    retries.length = 0;
  });
  afterEach(() => {
    for (const each of running.splice(0)) each.stop();
  });

  it('serves metrics on loopback', async () => {
    const url = await bound(create());
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
    const { status, body } = await ask(url);
    expect(status).toBe(200);
    expect(body).toMatch(/^orders_total\{.*\} 3$/m);
    expect((await ask(`${url}?x=1`)).status).toBe(200);
  });

  it.each([
    ['a page of another site', { origin: 'https://example.org' }, 'GET', '/metrics', 403],
    ['a name that was rebound to loopback', { host: 'example.org:9464' }, 'GET', '/metrics', 403],
    ['a name that only begins as loopback does', { host: '127.0.0.1.example.org' }, 'GET', '/metrics', 403],
    ['another method', {}, 'POST', '/metrics', 405],
    ['another path', {}, 'GET', '/', 404],
    ['localhost', { host: 'localhost:9464' }, 'GET', '/metrics', 200],
    ['the address of loopback in IPv6', { host: '[::1]:9464' }, 'GET', '/metrics', 200],
    ['any address of loopback', { host: '127.1.2.3' }, 'HEAD', '/metrics', 200],
  ])('answers a request from %s as it should', async (_who, headers, method, path, expected) => {
    const url = new URL(path, await bound(create()));
    expect((await ask(url.href, headers, method)).status).toBe(expected);
  });

  it('answers to any name where it is meant to be reached from elsewhere', async () => {
    const url = (await bound(create({ host: '0.0.0.0' }))).replace('0.0.0.0', '127.0.0.1');
    expect((await ask(url, { host: 'app:9464' })).status).toBe(200);
    expect((await ask(url, { host: 'app:9464', origin: 'https://example.org' })).status).toBe(403);
  });

  it('says once that the port is taken, and serves when it is free again', async () => {
    const { port, server } = await occupy();
    const endpoint = create({ port });
    while (retries.length === 0) await new Promise((resolve) => setImmediate(resolve));
    retries.shift()?.();
    while (retries.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual([`127.0.0.1:${port} taken`]);
    await new Promise((resolve) => server.close(resolve));
    retries.shift()?.();
    let answer: Answer | undefined;
    while (answer === undefined) answer = await ask(endpoint.url).catch(() => undefined);
    expect(answer.status).toBe(200);
  });

  it('gives the port up to whoever in this process listens on it', async () => {
    const { port } = new URL(await bound(create()));
    // A fixed port: with 0 there is none to give up.
    for (const each of running.splice(0)) each.stop();
    const endpoint = create({ port: Number(port) });
    let answer: Answer | undefined;
    while (answer === undefined) answer = await ask(endpoint.url).catch(() => undefined);
    const own = createServer((_request, response) => response.end('own'));
    running.push({ stop: () => own.close() });
    await new Promise<void>((resolve, reject) => own.on('error', reject).listen(Number(port), '127.0.0.1', resolve));
    expect((await ask(endpoint.url)).body).toBe('own');
    expect(told).toEqual([`127.0.0.1:${port} wanted`]);
  });

  it('says what is wrong with an address that cannot be bound, and does not try again', async () => {
    create({ host: '192.0.2.1', port: 1 });
    while (told.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual(['192.0.2.1:1 EADDRNOTAVAIL']);
    expect(retries).toEqual([]);
  });

  it('stops with its reader, as the SDK shuts it down', async () => {
    const endpoint = create();
    const url = await bound(endpoint);
    await endpoint.reader.shutdown();
    await expect(ask(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it.each([
    [
      'taken',
      /^127\.0\.0\.1:9464 is taken: .*tries again every 5 s; set OTEL_EXPORTER_PROMETHEUS_PORT .*SONDE_PROMETHEUS=0$/,
    ],
    ['wanted', /^the application listens on 127\.0\.0\.1:9464 itself: .*OTEL_EXPORTER_PROMETHEUS_PORT/],
    ['EACCES', /^metrics cannot be served on 127\.0\.0\.1:9464 \(EACCES\); .*OTEL_EXPORTER_PROMETHEUS_PORT/],
    [
      'ENOTFOUND',
      /^metrics cannot be served on 127.*, which is no address of this machine.*OTEL_EXPORTER_PROMETHEUS_HOST/,
    ],
  ])('tells the way out when it is unavailable: %s', (reason, sentence) => {
    expect(describeUnavailable('127.0.0.1:9464', reason)).toMatch(sentence);
  });
});
