import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { type ExportResult, ExportResultCode, setGlobalErrorHandler } from '@opentelemetry/core';
import { Deliveries } from '../../src/opentelemetry/deliveries.ts';
import { otlpEndpoint } from '../../src/opentelemetry/environment.ts';
import {
  type Exporter,
  isExporting,
  LazyExporter,
  loadExporter,
  releaseRetries,
} from '../../src/opentelemetry/lazy-exporter.ts';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('an exporter that is loaded at its first export', () => {
  let sent: string[];
  let answers: ((result: ExportResult) => void)[];
  let loads: number;
  let errors: unknown[];
  const results: ExportResult[] = [];
  const done = (result: ExportResult): number => results.push(result);

  const real: Exporter<string> = {
    export(items, answer) {
      sent.push(`${items} ${isExporting()}`);
      answers.push(answer);
    },
    async shutdown() {
      sent.push('shutdown');
    },
  };
  const create = (load: () => Promise<Exporter<string>> = async () => real): LazyExporter<string> =>
    new LazyExporter(() => {
      loads += 1;
      return load();
    });

  beforeEach(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    [sent, answers, loads, errors] = [[], [], 0, []];
    results.length = 0;
    setGlobalErrorHandler((error) => errors.push(error));
  });
  afterEach(() => {
    context.disable();
    setGlobalErrorHandler(() => {});
  });

  it('loads nothing before, and once then', async () => {
    const exporter = create();
    await exporter.forceFlush();
    await exporter.shutdown();
    expect(loads).toBe(0);
    exporter.export('a', done);
    exporter.export('b', done);
    await settled();
    expect({ loads, sent }).toEqual({ loads: 1, sent: ['a true', 'b true'] });
    expect(isExporting()).toBe(false);
  });

  it('answers when it has taken a batch, and settles a flush when that is delivered', async () => {
    const exporter = create();
    exporter.export('a', done);
    expect(results).toEqual([{ code: ExportResultCode.SUCCESS }]);
    let isFlushed = false;
    const flush = exporter.forceFlush().then(() => {
      isFlushed = true;
    });
    await settled();
    expect(isFlushed).toBe(false);
    answers[0]?.({ code: ExportResultCode.SUCCESS });
    await flush;
    await exporter.shutdown();
    expect(sent).toEqual(['a true', 'shutdown']);
  });

  it('tells of failures, its own loading included, where processors tell of theirs', async () => {
    const exporter = create();
    exporter.export('a', done);
    await settled();
    answers[0]?.({ code: ExportResultCode.FAILED, error: new Error('refused') });
    const broken = create(() => Promise.reject(new Error('not installed')));
    broken.export('b', done);
    await exporter.forceFlush();
    await broken.forceFlush();
    await broken.shutdown();
    expect(errors.map(String)).toEqual(expect.arrayContaining(['Error: refused', 'Error: not installed']));
  });

  it('refuses more than 30 batches at once', async () => {
    const exporter = create();
    for (let count = 0; count < 31; count += 1) exporter.export(String(count), done);
    expect(results.filter(({ code }) => code === ExportResultCode.SUCCESS)).toHaveLength(30);
    expect(results.at(-1)).toMatchObject({ code: ExportResultCode.FAILED });
    await settled();
    for (const answer of answers) answer({ code: ExportResultCode.SUCCESS });
    await exporter.forceFlush();
    exporter.export('again', done);
    expect(results.at(-1)).toEqual({ code: ExportResultCode.SUCCESS });
  });

  it('is found beside sdk-node, and complains about a package or a class that is not there', async () => {
    const exporter = await loadExporter('@opentelemetry/exporter-trace-otlp-proto', 'OTLPTraceExporter');
    await exporter.shutdown();
    await expect(loadExporter('@opentelemetry/core', 'OTLPTraceExporter')).rejects.toThrow(
      '@opentelemetry/core exports no OTLPTraceExporter',
    );
    await expect(loadExporter('@opentelemetry/nothing', 'Nothing')).rejects.toThrow(/Cannot find/);
  });

  it('waits for a retry without keeping the process alive', async () => {
    const calls: unknown[] = [];
    const inner = {
      async send(...args: unknown[]): Promise<string> {
        calls.push(args);
        return 'sent';
      },
    };
    const transport = { retry: (): never => assertNever(), _transport: inner };
    releaseRetries({ _delegate: { _transport: transport } });
    const before = process.getActiveResourcesInfo().length;
    const retry = (transport.retry as (...args: unknown[]) => Promise<unknown>)('data', 5000, 1);
    expect(process.getActiveResourcesInfo()).toHaveLength(before);
    expect(await retry).toBe('sent');
    expect(calls).toEqual([['data', 5000]]);
    for (const other of [undefined, {}, { _delegate: {} }, { _delegate: { _transport: { retry: 1 } } }])
      releaseRetries(other);
  });
});

function assertNever(): never {
  throw new Error('the stock retry was called');
}

describe('where the exporters send', () => {
  const { env } = process;
  afterEach(() => {
    process.env = env;
  });
  const endpointWith = (settings: Record<string, string>) => {
    process.env = { ...env, ...settings };
    return otlpEndpoint('TRACES');
  };

  it.each([
    [{}, { host: 'localhost', port: 4318 }],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, { host: 'localhost', port: 4317 }],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example' }, { host: 'collector.example', port: 443 }],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://[::1]:1234/x' }, { host: '::1', port: 1234 }],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      { host: 'collector', port: 4317 },
    ],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' }, undefined],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:1', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://b:2' },
      { host: 'b', port: 2 },
    ],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'unix:///run/collector.sock' }, undefined],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://' }, undefined],
  ])('is told from the variables: %j', (settings, endpoint) => {
    expect(endpointWith(settings as Record<string, string>)).toEqual(endpoint);
  });

  it('is known of all exporters or of none', () => {
    process.env = { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:1' };
    const deliveries = new Deliveries();
    expect(deliveries.isEmpty).toBe(true);
    deliveries.otlp('TRACES', 'x', 'X');
    expect(deliveries.endpoints).toEqual([{ host: 'a', port: 1 }]);
    deliveries.exporter('zipkin', 'Zipkin');
    expect(deliveries.endpoints).toBeUndefined();
    expect(deliveries.isEmpty).toBe(false);
  });
});
