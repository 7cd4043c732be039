import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { FIXTURES, freePort, REGISTER, REGISTER_FILE, runProgram } from './program.ts';
import { type Sink, startSink } from './sink.ts';

interface Report {
  readonly spans: readonly { name: string; kind: number; scope: string; path: string }[];
  readonly logs: readonly string[];
  readonly hooks: readonly string[];
  readonly metrics: readonly { name: string; total: number }[];
}

function reportOf(stdout: string): Report {
  const lines = stdout.trim().split('\n');
  return JSON.parse(lines.at(-1) ?? '') as Report;
}

const inOrder = (report: Report): string[] => report.spans.map((span) => JSON.stringify(span)).sort();
const isSondes = ({ name }: { name: string }): boolean => /^(sonde|nodejs|v8js|process|system|node)\./.test(name);
const isRequest = ({ path, kind, name }: Report['spans'][number]): boolean =>
  path !== '' || (kind === 2 && name === 'GET');

describe('an application with an OpenTelemetry SDK of its own', () => {
  let sink: Sink;
  let env: Record<string, string>;
  beforeEach(async () => {
    sink = await startSink();
    // A busy machine makes any read slow, and a slow one a span.
    env = { ...sink.env, SONDE_SLOW_THRESHOLD_MS: '3600000' };
  });
  afterEach(() => sink.close());

  it('exports all that it did before, started after the preload, in CommonJS', async () => {
    const plain = reportOf((await runProgram({ args: ['own-sdk-app.cjs'] })).stdout);
    expect(plain.spans).toHaveLength(6);
    const outcome = await runProgram({ args: ['--import', REGISTER, 'own-sdk-app.cjs'], env });
    expect(outcome).toMatchObject({ code: 0, signal: null, stderr: '' });
    const report = reportOf(outcome.stdout);
    expect(inOrder(report)).toEqual(inOrder(plain));
    expect(report.logs.filter((body) => body === 'own log')).toEqual(plain.logs);
    expect(report.hooks).toEqual(plain.hooks);
    expect(report.metrics.filter((metric) => !isSondes(metric))).toEqual(plain.metrics);
    expect(report.metrics.map((metric) => metric.name)).toContain('sonde.vfs.operation.duration');
    expect(sink.spans).toEqual([]);
  });

  it('exports all that it did before, started before the preload, in CommonJS', async () => {
    const plain = reportOf((await runProgram({ args: ['--require', './own-sdk.cjs', 'own-sdk-app.cjs'] })).stdout);
    const args = ['--require', './own-sdk.cjs', '--require', REGISTER, 'own-sdk-app.cjs'];
    const outcome = await runProgram({ args, env });
    expect(outcome).toMatchObject({ code: 0, signal: null, stderr: '' });
    const report = reportOf(outcome.stdout);
    expect(inOrder(report)).toEqual(inOrder(plain));
    expect(report.logs.filter((body) => body === 'own log')).toEqual(plain.logs);
    expect(report.hooks).toEqual(plain.hooks);
    expect(report.metrics.filter((metric) => !isSondes(metric))).toEqual(plain.metrics);
    expect(report.metrics.map((metric) => metric.name)).toContain('sonde.vfs.operation.duration');
    expect(sink.requests).toEqual([]);
  });

  it.each([
    ['after', ['--import', REGISTER]],
    ['before', ['--import', './own-sdk.mjs', '--import', REGISTER]],
  ])(
    'keeps all that it exported as ES modules, started %s the preload, and gains the requests',
    async (_when, flags) => {
      const plain = reportOf((await runProgram({ args: ['own-sdk-app.mjs'] })).stdout);
      const outcome = await runProgram({ args: [...flags, 'own-sdk-app.mjs'], env });
      expect(outcome).toMatchObject({ code: 0, signal: null, stderr: '' });
      const report = reportOf(outcome.stdout);
      const own = report.spans.filter((span) => span.scope === 'app' || span.scope === 'early');
      expect(own).toEqual(plain.spans.filter((span) => span.scope === 'app' || span.scope === 'early'));
      expect(report.logs.filter((body) => body === 'own log')).toEqual(plain.logs);
      expect(report.hooks.filter((hook) => hook === 'undici')).toHaveLength(1);
      expect(report.metrics).toContainEqual({ name: 'orders', total: 3 });
      // Without a loader the application's own instrumentation never sees `import ... from 'node:http'`.
      expect(report.spans.filter(isRequest)).toHaveLength(4);
      expect(sink.spans).toEqual([]);
    },
  );

  it('keeps its own tracer provider and context manager, and Sonde goes on serving metrics', async () => {
    const port = String(await freePort());
    const serving = { OTEL_EXPORTER_PROMETHEUS_PORT: port };
    const outcome = await runProgram({ args: ['--require', REGISTER, 'trace-only.cjs'], env: serving });
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    const [first = '', second] = outcome.stdout.split('\n');
    expect(JSON.parse(first)).toEqual({ accepted: [true, true], names: ['own span'], asked: ['context manager'] });
    expect(second).toBe('metrics served');
  });

  it('serves its own metrics on the port that Sonde had, and those of Sonde with them', async () => {
    const serving = { OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()) };
    const outcome = await runProgram({ args: ['--import', REGISTER, 'own-prometheus.cjs'], env: serving });
    expect(outcome).toMatchObject({ code: 0, stdout: 'own metrics served\nwith those of Sonde\n' });
    expect(outcome.stderr).toMatch(
      /^sonde: the application listens on 127\.0\.0\.1:\d+ itself.*OTEL_EXPORTER_PROMETHEUS_PORT.*\n$/,
    );
  });

  it('gets the port of Sonde for whatever it wants to serve', async () => {
    const serving = { OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()) };
    const outcome = await runProgram({ args: ['--import', REGISTER, 'plain-listener.cjs'], env: serving });
    expect(outcome).toMatchObject({ code: 0, stdout: 'the application\n' });
  });

  it.each(['1.8.99', '1.10.99'])('registers with an older or newer copy of the API, %s', async (version) => {
    const folder = mkdtempSync(join(tmpdir(), 'sonde-api-'));
    try {
      const require = createRequire(import.meta.url);
      const source = join(dirname(require.resolve('@opentelemetry/api')), '..');
      const copy = join(folder, 'node_modules', '@opentelemetry', 'api');
      cpSync(source, copy, { recursive: true });
      const { version: present } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as {
        version: string;
      };
      for (const file of ['package.json', 'dist/version.cjs', 'dist/internal/global-utils.cjs']) {
        const text = readFileSync(join(copy, file), 'utf8');
        writeFileSync(join(copy, file), text.replaceAll(present, version));
      }
      cpSync(join(FIXTURES, 'other-api.cjs'), join(folder, 'other-api.cjs'));
      const args = ['--import', REGISTER_FILE, 'other-api.cjs'];
      const outcome = await runProgram({ args, cwd: folder, env });
      expect(outcome).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(outcome.stdout)).toEqual({ accepted: true, names: ['own span', 'GET', 'GET'] });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
