import { freePort, REGISTER, runProgram } from './program.ts';
import { type Sink, startSink } from './sink.ts';

const HTTP = '@opentelemetry/instrumentation-http';
const UNDICI = '@opentelemetry/instrumentation-undici';
const SONDES = ['@sonde/instrumentation-vfs', '@sonde/instrumentation-scheduler', '@sonde/instrumentation-ipc'];

describe('new NodeSDK(sondeConfig(...))', () => {
  let sink: Sink;
  beforeEach(async () => {
    sink = await startSink();
  });
  afterEach(() => sink.close());

  it('keeps every field of the user’s and adds to it', async () => {
    const env = { OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()) };
    const { code, stdout, stderr } = await runProgram({ args: ['node-sdk.mjs'], env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const report = JSON.parse(stdout);
    expect(report.kept).toEqual(['resource', 'sampler', 'logRecordProcessors', 'views', 'spanLimits']);
    expect(report.readers).toEqual([
      'PeriodicExportingMetricReader',
      'PeriodicExportingMetricReader',
      'OwnReader',
      'ScrapedReader',
      'AnomalyMetricReader',
    ]);
    expect(report.instrumentations).toEqual([HTTP, UNDICI, ...SONDES]);
    const [first, second, ...rest] = report.order;
    expect([first, second, ...rest.slice(-2)]).toEqual(['first', 'second', 'first shut down', 'second shut down']);
    expect(report.spans).toContainEqual({ name: 'own span', service: 'shop' });
    expect(report.isStarted).toBe(true);
  });

  it('gives each reader of the user’s hot metrics in its own temporality', async () => {
    const env = { SONDE_PROMETHEUS: '0' };
    const { stdout } = await runProgram({ args: ['node-sdk.mjs', '{"instrumentations":["vfs"]}'], env });
    const { rounds, hasHotMetrics, readers } = JSON.parse(stdout);
    const counts = (orders: number, stats: number) => ({ orders, stats, ignored: 0 });
    expect(rounds).toEqual([
      { delta: counts(2, 2), cumulative: counts(2, 2) },
      { delta: counts(2, 2), cumulative: counts(4, 4) },
    ]);
    expect(hasHotMetrics).toBe(true);
    expect(readers).toHaveLength(4);
  });

  it('makes spans of requests once, by the user’s own instrumentation', async () => {
    const { stdout } = await runProgram({ args: ['node-sdk-http.cjs'], env: { SONDE_PROMETHEUS: '0' } });
    const { names, hooks } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    expect(names.filter((name: string) => name === 'GET')).toHaveLength(4);
    // Both sides of http.get, and the server's side of fetch.
    expect(hooks).toBe(3);
  });

  it('exports nothing unasked, and by OTLP where an endpoint is named', async () => {
    const env = { OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()) };
    const silent = await runProgram({ args: ['node-sdk-alone.cjs'], env });
    expect(silent).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(silent.stdout)).toEqual({
      fields: [
        'instrumentations',
        'logRecordProcessors',
        'metricReaders',
        'sampler',
        'spanProcessors',
        'textMapPropagator',
      ],
      readers: ['ScrapedReader', 'AnomalyMetricReader'],
      instrumentations: [HTTP, UNDICI, ...SONDES],
    });
    const sending = await runProgram({ args: ['node-sdk-alone.cjs', '{"preset":"minimal"}'], env: sink.env });
    expect(JSON.parse(sending.stdout)).toEqual({
      fields: ['instrumentations', 'metricReaders', 'sampler', 'spanProcessors', 'textMapPropagator'],
      readers: ['PeriodicExportingMetricReader'],
      instrumentations: [HTTP, UNDICI],
    });
    expect(sink.spans.map(({ name }) => name)).toEqual(['own span']);
    expect(sink.metrics.length).toBeGreaterThan(0);
  });

  it('returns the fields of the user’s alone with OTEL_SDK_DISABLED=true', async () => {
    const args = ['node-sdk-alone.cjs', '{"sdk":{"serviceName":"shop"}}'];
    const { stdout } = await runProgram({ args, env: { ...sink.env, OTEL_SDK_DISABLED: 'true' } });
    expect(JSON.parse(stdout)).toEqual({ fields: ['serviceName'], readers: [], instrumentations: [] });
    expect(sink.requests).toEqual([]);
  });

  it('tells bad options and starts all the same', async () => {
    const args = ['node-sdk-alone.cjs', '{"preset":"prod","streamSize":"big","colour":1}'];
    const { code, stderr } = await runProgram({ args, env: { SONDE_PROMETHEUS: '0' } });
    expect(code).toBe(0);
    expect(stderr.split('\n').map((line) => line.split(/ must| is not/, 1)[0])).toEqual([
      'sonde: option preset',
      'sonde: option streamSize',
      'sonde: option colour',
      '',
    ]);
  });

  it('runs under the preload too, as the SDK of the application', async () => {
    const args = ['--import', REGISTER, 'node-sdk.mjs'];
    const { code, stdout, stderr } = await runProgram({ args, env: { SONDE_PROMETHEUS: '0' } });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const report = JSON.parse(stdout);
    expect(report.spans.filter(({ name }: { name: string }) => name === 'own span')).toHaveLength(2);
    expect(report.spans.filter(({ name }: { name: string }) => name === 'GET')).toHaveLength(2 * 2);
    expect(report.rounds[1].delta).toMatchObject({ orders: 2, stats: 2 });
    expect(report.rounds[1].cumulative.orders).toBe(4);
  });
});
