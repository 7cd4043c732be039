import { createConnection } from 'node:net';
import { freePort, REGISTER, runProgram, WAYS } from './program.ts';
import { KIND, type Sink, startSink } from './sink.ts';

describe('the preload', () => {
  let sink: Sink;
  beforeEach(async () => {
    sink = await startSink();
  });
  afterEach(() => sink.close());

  it.each(WAYS)('traces and measures requests once, by $flag in a $kind program', async ({ flag, kind }) => {
    const outcome = await runProgram({ args: [flag, REGISTER, `requests.${kind}`], env: sink.env });
    expect(outcome).toEqual({ code: 0, signal: null, stdout: 'done\n', stderr: '' });

    const servers = sink.spans.filter((span) => span.kind === KIND.SERVER);
    const clients = sink.spans.filter((span) => span.kind === KIND.CLIENT);
    expect(servers.map((span) => span.attributes['url.path']).sort()).toEqual(['/by-fetch', '/by-get']);
    expect(clients.map((span) => span.scope).sort()).toEqual([
      '@opentelemetry/instrumentation-http',
      '@opentelemetry/instrumentation-undici',
    ]);
    for (const server of servers) {
      const client = clients.find((span) => span.spanId === server.parentSpanId);
      expect(client?.traceId).toBe(server.traceId);
    }

    const names = new Set(sink.metrics.map((metric) => metric.name));
    expect([...names]).toEqual(
      expect.arrayContaining([
        'http.server.request.duration',
        'http.client.request.duration',
        'sonde.vfs.operation.duration',
        'nodejs.eventloop.utilization',
        'sonde.event_stream.events',
      ]),
    );
  });

  it('names the route of Fastify on the span and on its metric', async () => {
    const outcome = await runProgram({ args: ['--import', REGISTER, 'fastify-routes.mjs'], env: sink.env });
    expect(outcome).toEqual({ code: 0, signal: null, stdout: 'done\n', stderr: '' });
    const server = sink.spans.find((span) => span.kind === KIND.SERVER);
    expect(server?.name).toBe('GET /users/:id');
    expect(server?.attributes['http.route']).toBe('/users/:id');
    const durations = sink.metrics.filter((metric) => metric.name === 'http.server.request.duration');
    expect(durations.flatMap((metric) => metric.attributes).map((each) => each['http.route'])).toContain('/users/:id');
  });

  it.each(['express', 'express-4'])('names the route of %s by its patterns, never by values', async (name) => {
    const env = { ...sink.env, SONDE_BLOCKED_THRESHOLD_MS: '100' };
    const outcome = await runProgram({ args: ['--require', REGISTER, 'express-routes.cjs', name], env });
    expect(outcome).toEqual({ code: 0, signal: null, stdout: 'done\n', stderr: '' });
    const servers = sink.spans.filter((span) => span.kind === KIND.SERVER);
    expect(servers.map((span) => span.name).sort()).toEqual([
      'GET',
      'GET',
      'GET',
      'GET',
      'GET /admin/:org/:role/users/:user',
      'GET /plain/:id',
      'GET /shop',
      'GET /shop/items/:id',
      'GET /tenants/:tenant/burn',
      'GET /tenants/:tenant/later',
      'GET /tenants/:tenant/orders/:order',
      'GET /tenants/:tenant/orders/:order',
    ]);
    // Known while the request is under way, too.
    const routes = sink.spans
      .filter((span) => span.name === 'event loop blocked')
      .map((span) => span.attributes['http.route']);
    expect(routes).toContain('/tenants/:tenant/burn');
  });

  it('starts once when it is given twice', async () => {
    const args = ['--require', REGISTER, '--import', REGISTER, 'requests.mjs'];
    const outcome = await runProgram({ args, env: sink.env });
    expect(outcome).toEqual({ code: 0, signal: null, stdout: 'done\n', stderr: '' });
    expect(sink.spans.filter((span) => span.kind === KIND.SERVER)).toHaveLength(2);
  });

  it('counts in the main thread what a worker thread does, which loads no SDK while nobody takes its spans', async () => {
    const env = { OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()) };
    const outcome = await runProgram({ args: ['--import', REGISTER, 'worker-metrics.mjs'], env });
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(outcome.stdout.split('\n')).toEqual([
      'records spans false',
      'scrapes are requests of the application false',
      'counted true',
      'threads 2',
      '',
    ]);
  });

  it('shares one budget among the workers of a cluster, with nothing written for it', async () => {
    const env = { ...sink.env, SONDE_PRESET: 'production', SONDE_TRACES_PER_SECOND: '10' };
    const outcome = await runProgram({ args: ['--import', REGISTER, 'cluster-budget.mjs'], env });
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    const leases = (JSON.parse(outcome.stdout) as Record<string, number>[]).map(
      (fleet) => fleet['sonde.sampling.fleet.lease'] ?? Number.NaN,
    );
    expect(leases).toHaveLength(2);
    for (const lease of leases) {
      expect(lease).toBeGreaterThan(0);
      expect(lease).toBeLessThan(10);
    }
  }, 40_000);

  it('switches everything off by OTEL_SDK_DISABLED=true', async () => {
    const port = await freePort();
    const env = { ...sink.env, SONDE_PROMETHEUS: '1', OTEL_EXPORTER_PROMETHEUS_PORT: String(port) };
    const outcome = await runProgram({
      args: ['--import', REGISTER, 'untouched.cjs'],
      env: { ...env, OTEL_SDK_DISABLED: 'true', SONDE_BANNER: '1' },
    });
    expect(outcome).toEqual({ code: 0, signal: null, stdout: 'untouched\n', stderr: '' });
    expect(sink.requests).toEqual([]);
  });

  it('takes everything off again at shutdown, having delivered what was pending', async () => {
    const port = String(await freePort());
    const env = { ...sink.env, SONDE_PROMETHEUS: '1', OTEL_EXPORTER_PROMETHEUS_PORT: port };
    const outcome = await runProgram({ args: ['--import', REGISTER, 'shutdown.mjs'], env });
    expect(outcome).toEqual({ code: 0, signal: null, stdout: 'off\n', stderr: '' });
    expect(sink.spans.map((span) => span.name)).toEqual(['before']);
  });

  it('sends nothing anywhere where no endpoint and no exporter is named', async () => {
    const outcome = await runProgram({
      args: ['--import', REGISTER, 'connections.mjs'],
      env: { SONDE_PROMETHEUS: '0' },
    });
    expect(outcome).toEqual({ code: 0, signal: null, stdout: 'connected to nothing\n', stderr: '' });
  });

  it('keeps the process alive by nothing of its own', async () => {
    const port = await freePort();
    const outcome = await runProgram({
      args: ['--import', REGISTER, '-e', '0'],
      env: { OTEL_EXPORTER_PROMETHEUS_PORT: String(port) },
    });
    expect(outcome).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
    const refused = await new Promise((resolve) => createConnection(port, '127.0.0.1').on('error', resolve));
    expect(refused).toMatchObject({ code: 'ECONNREFUSED' });
  });
});
