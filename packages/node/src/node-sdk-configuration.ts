import { isMainThread } from 'node:worker_threads';
import { getStringFromEnv } from '@opentelemetry/core';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import type { IMetricReader } from '@opentelemetry/sdk-metrics';
import type { SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';
import { resolveOptions, workingDirectory } from './configuration/resolve-options.ts';
import { started } from './handle-state.ts';
import { createInstrumentations } from './instrumentations.ts';
import { Deliveries } from './opentelemetry/deliveries.ts';
import { exporterNames } from './opentelemetry/environment.ts';
import { metricReadersFromEnvironment } from './opentelemetry/metric-readers.ts';
import { feedReader } from './opentelemetry/reader-feed.ts';
import { batchProcessor, spanProcessorsFromEnvironment } from './opentelemetry/span-processors.ts';
import { prometheusFromEnvironment } from './own-providers.ts';
import { LocalRootProcessor, ownSpanProcessors } from './own-span-processors.ts';
import { mayUseNetwork } from './permissions.ts';
import { markChildren, type ProcessRole, processRole } from './process-role.ts';
import type { NodeSdkConfiguration, SondeConfigOptions } from './sonde-config.ts';
import { Subsystems } from './subsystems.ts';
import { createTerminal, type Terminal } from './terminal.ts';
import type { ResolvedOptions } from './types.ts';

/** Fields that NodeSDK 0.223 still takes beside their plurals. */
interface OlderFields {
  readonly spanProcessor?: SpanProcessor;
  readonly metricReader?: IMetricReader;
  readonly traceExporter?: SpanExporter;
  readonly logRecordProcessor?: unknown;
}

interface Plan {
  readonly sdk: NodeSdkConfiguration & OlderFields;
  readonly options: ResolvedOptions;
  readonly role: ProcessRole;
  readonly terminal: Terminal;
  readonly deliveries: Deliveries;
}

function spanProcessors({ sdk, options, deliveries }: Plan): SpanProcessor[] {
  const own = ownSpanProcessors(options, new LocalRootProcessor());
  // In the order in which NodeSDK looks for them: what it finds first is all it uses.
  if (sdk.spanProcessors !== undefined) return [...own, ...sdk.spanProcessors];
  if (sdk.spanProcessor !== undefined) return [...own, sdk.spanProcessor];
  if (sdk.traceExporter !== undefined) return [...own, batchProcessor(sdk.traceExporter)];
  return [...own, ...spanProcessorsFromEnvironment({ deliveries })];
}

function isPrometheus(reader: IMetricReader): boolean {
  return reader.constructor.name === 'PrometheusExporter';
}

function metricReaders({ sdk, options, role, terminal, deliveries }: Plan): IMetricReader[] {
  const createPrometheus = (): IMetricReader | undefined =>
    role === 'main' && mayUseNetwork()
      ? prometheusFromEnvironment((sentence) => terminal.warn(sentence)).reader
      : undefined;
  const users = sdk.metricReaders ?? (sdk.metricReader === undefined ? undefined : [sdk.metricReader]);
  const { prometheus } = options;
  if (users === undefined) return metricReadersFromEnvironment({ deliveries, prometheus, createPrometheus }).readers;
  for (const reader of users) feedReader(reader);
  const isWanted = prometheus && getStringFromEnv('OTEL_METRICS_EXPORTER') === undefined && !users.some(isPrometheus);
  const added = isWanted ? createPrometheus() : undefined;
  return added === undefined ? users : [...users, added];
}

/** The user's, and those of Sonde's that neither the user has nor a preload runs already. */
function instrumentations({ sdk, options }: Plan): Instrumentation[] {
  const users = (sdk.instrumentations ?? []).flat();
  const taken = new Set(users.map(({ instrumentationName }) => instrumentationName));
  for (const name of started().runtime?.instrumentationNames ?? []) taken.add(name);
  return [...users, ...createInstrumentations(options).filter((made) => !taken.has(made.instrumentationName))];
}

/** See `sondeConfig`, which loads this file. */
export function createNodeSdkConfiguration(input: SondeConfigOptions): NodeSdkConfiguration {
  const isObject = typeof input === 'object' && input !== null && !Array.isArray(input);
  const { sdk = {}, ...code } = isObject ? input : ({} as SondeConfigOptions);
  const { env, pid, argv } = process;
  const { options, problems } = resolveOptions({
    code: isObject ? code : input,
    environment: env,
    directory: workingDirectory(),
  });
  const role = processRole({ isMainThread, pid, script: argv[1], environment: env });
  const terminal = createTerminal({ role, banner: options.banner, hasChannel: process.channel != null });
  for (const problem of problems) terminal.warn(problem);

  const plan: Plan = { sdk, options, role, terminal, deliveries: new Deliveries() };
  const made = instrumentations(plan);
  const state = started();
  state.runtime ??= new Subsystems({ options, role, instrumentations: made });
  if (role === 'main') markChildren(env, pid);
  // NodeSDK would export logs to localhost:4318 where nothing is named.
  const hasLogs = (sdk.logRecordProcessors ?? (sdk as OlderFields).logRecordProcessor) !== undefined;
  const isLogless = !hasLogs && exporterNames('LOGS') === undefined;
  return {
    ...sdk,
    instrumentations: made,
    spanProcessors: spanProcessors(plan),
    metricReaders: metricReaders(plan),
    ...(isLogless ? { logRecordProcessors: [] } : {}),
  };
}
