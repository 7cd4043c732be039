/**
 * Sonde composes its SDK itself. What the OTEL_* variables mean to it is compared with what they mean to NodeSDK, by
 * looking into the providers that both make.
 */
import { context, metrics, propagation, type TextMapPropagator, trace } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { type IMetricReader, InstrumentType, type MeterProvider } from '@opentelemetry/sdk-metrics';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { resolveOptions } from '../src/configuration/resolve-options.ts';
import { propagatorFromEnvironment } from '../src/opentelemetry/propagator.ts';
import { createOwnProviders } from '../src/own-providers.ts';
import { withoutSampler } from '../src/sampling.ts';

type Environment = Readonly<Record<string, string>>;

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' };

const ENVIRONMENTS: readonly (readonly [string, Environment])[] = [
  ['an endpoint', {}],
  ['none and otlp', { OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'otlp' }],
  ['the console', { OTEL_TRACES_EXPORTER: 'console', OTEL_METRICS_EXPORTER: 'console' }],
  ['two exporters', { OTEL_TRACES_EXPORTER: 'otlp,console', OTEL_METRICS_EXPORTER: 'otlp,console' }],
  ['zipkin', { OTEL_TRACES_EXPORTER: 'zipkin' }],
  ['an exporter that is none', { OTEL_TRACES_EXPORTER: 'carrier-pigeon,otlp', OTEL_METRICS_EXPORTER: 'abacus' }],
  ['gRPC', { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }],
  ['an unknown protocol', { OTEL_EXPORTER_OTLP_PROTOCOL: 'carrier/pigeon' }],
  ['always_on', { OTEL_TRACES_SAMPLER: 'always_on' }],
  ['always_off', { OTEL_TRACES_SAMPLER: 'always_off' }],
  ['a ratio', { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25' }],
  ['a ratio out of range', { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '7' }],
  ['no ratio', { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio' }],
  ['parent-based, on', { OTEL_TRACES_SAMPLER: 'parentbased_always_on' }],
  ['parent-based, off', { OTEL_TRACES_SAMPLER: 'parentbased_always_off' }],
  ['a sampler that is none', { OTEL_TRACES_SAMPLER: 'dice' }],
  ['a sampler that every object has', { OTEL_TRACES_SAMPLER: 'constructor' }],
  ['span limits', { OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '7', OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: '99' }],
  [
    'common limits',
    { OTEL_ATTRIBUTE_COUNT_LIMIT: '9', OTEL_SPAN_EVENT_COUNT_LIMIT: '5', OTEL_SPAN_LINK_COUNT_LIMIT: '3' },
  ],
  ['limits of events and links', { OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT: '4', OTEL_LINK_ATTRIBUTE_COUNT_LIMIT: '5' }],
  [
    'batches',
    { OTEL_BSP_MAX_QUEUE_SIZE: '4096', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '64', OTEL_BSP_SCHEDULE_DELAY: '1500' },
  ],
  ['bad batches', { OTEL_BSP_MAX_QUEUE_SIZE: '-1', OTEL_BSP_SCHEDULE_DELAY: 'soon', OTEL_BSP_EXPORT_TIMEOUT: '0' }],
  [
    'a service',
    { OTEL_SERVICE_NAME: 'shop', OTEL_RESOURCE_ATTRIBUTES: 'service.name=no,deployment.environment.name=a' },
  ],
  ['detectors', { OTEL_NODE_RESOURCE_DETECTORS: 'env,os' }],
  ['no detectors', { OTEL_NODE_RESOURCE_DETECTORS: 'none' }],
  ['a detector that is none', { OTEL_NODE_RESOURCE_DETECTORS: 'lie,host' }],
  ['propagators', { OTEL_PROPAGATORS: 'b3,tracecontext' }],
  ['b3multi', { OTEL_PROPAGATORS: 'b3multi' }],
  ['no propagator', { OTEL_PROPAGATORS: 'none' }],
  ['a propagator that is none', { OTEL_PROPAGATORS: 'smoke-signals,baggage' }],
  ['a metric schedule', { OTEL_METRIC_EXPORT_INTERVAL: '5000', OTEL_METRIC_EXPORT_TIMEOUT: '2000' }],
  ['a timeout beyond the interval', { OTEL_METRIC_EXPORT_INTERVAL: '1000' }],
  ['a negative interval', { OTEL_METRIC_EXPORT_INTERVAL: '-1' }],
  ['delta', { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta' }],
  ['low memory', { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'LowMemory' }],
  ['an unknown temporality', { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'sometimes' }],
];

/** What is compared. Private parts of the SDK are read here and nowhere else. */
interface Inside {
  readonly _tracerOptions?: { readonly sampler: object; readonly spanLimits: object; readonly resource: Resource };
  readonly _activeSpanProcessor?: { readonly _spanProcessors: readonly Record<string, unknown>[] };
  readonly _sharedState?: { readonly metricCollectors: readonly { readonly _metricReader: IMetricReader }[] };
}

const TYPES = Object.values(InstrumentType);
const DIFFERS_BY_DESIGN = ['process.command_args', 'process.command', 'service.instance.id'];

async function describeResource(resource: Resource | undefined): Promise<Record<string, unknown>> {
  await resource?.waitForAsyncAttributes?.();
  return Object.fromEntries(
    Object.entries(resource?.attributes ?? {}).filter(([key]) => !DIFFERS_BY_DESIGN.includes(key)),
  );
}

async function insideOf(tracerProvider: unknown, meterProvider: unknown, propagator: TextMapPropagator | undefined) {
  const traces = (tracerProvider ?? {}) as Inside;
  const options = traces._tracerOptions;
  const readers = ((meterProvider ?? {}) as Inside)._sharedState?.metricCollectors ?? [];
  return {
    sampler: options === undefined ? 'none' : String(options.sampler),
    spanLimits: options?.spanLimits,
    resource: await describeResource(options?.resource),
    fields: propagator?.fields() ?? [],
    processors: traces._activeSpanProcessor?._spanProcessors.map((each) => ({
      kind: each.constructor.name,
      queue: each._maxQueueSize,
      batch: each._maxExportBatchSize,
      delay: each._scheduledDelayMillis,
      timeout: each._exportTimeoutMillis,
    })),
    readers: readers.map(({ _metricReader: reader }) => ({
      kind: reader.constructor.name,
      interval: (reader as unknown as Record<string, unknown>)._exportInterval,
      timeout: (reader as unknown as Record<string, unknown>)._exportTimeout,
      temporalities: TYPES.map((type) => reader.selectAggregationTemporality(type)),
    })),
  };
}

describe('the OTEL_* variables', () => {
  const { env } = process;
  const running: (() => unknown)[] = [];
  const restore = (): void => {
    for (const api of [trace, metrics, context, propagation]) api.disable();
    process.env = env;
  };
  afterEach(() => {
    for (const stop of running.splice(0)) stop();
    restore();
  });
  const use = (settings: Environment): void => {
    process.env = { ...env, ...ENDPOINT, ...settings };
  };

  const theirs = async (settings: Environment) => {
    use(settings);
    const sdk = new NodeSDK({ logRecordProcessors: [] });
    sdk.start();
    const inside = sdk as unknown as { _tracerProvider?: object; _meterProvider?: MeterProvider };
    running.push(() => inside._meterProvider?.shutdown().catch(() => {}));
    return insideOf(inside._tracerProvider, inside._meterProvider, propagation as unknown as TextMapPropagator);
  };

  const ours = async (settings: Environment, warnings: string[] = []) => {
    use(settings);
    const signals = { trace: true, metrics: true, logs: false };
    const spanProcessors: [] = [];
    const warn = (sentence: string): number => warnings.push(sentence);
    const createSampling = () =>
      withoutSampler(resolveOptions({ code: { blame: false }, environment: {}, directory: undefined }).options);
    const config = { signals, spanProcessors, createSampling, prometheus: false, mayBind: false, warn };
    const own = createOwnProviders(config);
    running.push(() => own.meterProvider?.shutdown().catch(() => {}));
    return insideOf(own.tracerProvider, own.meterProvider, propagatorFromEnvironment());
  };

  it.each(ENVIRONMENTS)('mean what they mean to NodeSDK: %s', async (_what, settings) => {
    const expected = await theirs(settings);
    restore();
    const actual = await ours(settings);
    // NodeSDK makes no tracer provider where nothing is exported; Sonde does, for its own processors.
    if (expected.sampler === 'none') expect(actual.processors).toEqual([]);
    else expect(actual).toEqual(expected);
    expect(actual.readers).toEqual(expected.readers);
    expect(actual.fields).toEqual(expected.fields);
  });

  it('are compared by what matters: a sampler, a limit, a queue, an interval', async () => {
    const described = await ours({
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
      OTEL_SPAN_LINK_COUNT_LIMIT: '3',
      OTEL_BSP_MAX_QUEUE_SIZE: '4096',
      OTEL_METRIC_EXPORT_INTERVAL: '5000',
      OTEL_SERVICE_NAME: 'shop',
    });
    expect(described).toMatchObject({
      sampler: 'TraceIdRatioBased{0.25}',
      spanLimits: { linkCountLimit: 3 },
      resource: { 'service.name': 'shop' },
      fields: ['traceparent', 'tracestate', 'baggage'],
      processors: [{ kind: 'BatchSpanProcessor', queue: 4096 }],
      readers: [{ kind: 'PeriodicExportingMetricReader', interval: 5000, timeout: 5000 }],
    });
  });

  it('send nothing anywhere where neither exporter nor endpoint is named', async () => {
    const described = await ours({ OTEL_EXPORTER_OTLP_ENDPOINT: '' });
    expect(described).toMatchObject({ processors: [], readers: [] });
  });

  it('tell a process apart without its command line', async () => {
    use({});
    const signals = { trace: true, metrics: false, logs: false };
    const make = () =>
      createOwnProviders({
        signals,
        spanProcessors: [],
        createSampling: () =>
          withoutSampler(resolveOptions({ code: {}, environment: {}, directory: undefined }).options),
        prometheus: false,
        mayBind: false,
        warn: () => {},
      });
    const namesOf = (provider: unknown): string[] =>
      Object.keys((provider as Inside)._tracerOptions?.resource.attributes ?? {});
    expect(namesOf(make().tracerProvider)).toContain('process.pid');
    expect(namesOf(make().tracerProvider)).not.toContain('process.command_args');
    use({ OTEL_NODE_RESOURCE_DETECTORS: 'process' });
    expect(namesOf(make().tracerProvider)).toContain('process.command_args');
  });
});
