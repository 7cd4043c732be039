import { isMainThread } from 'node:worker_threads';
import { getStringFromEnv } from '@opentelemetry/core';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import type { IMetricReader } from '@opentelemetry/sdk-metrics';
import type { SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';
import { withWatcher } from './anomalies.ts';
import { show } from './configuration/problems.ts';
import { type Resolution, resolveOptions, workingDirectory } from './configuration/resolve-options.ts';
import { started } from './handle-state.ts';
import { createInstrumentations } from './instrumentations.ts';
import { Deliveries } from './opentelemetry/deliveries.ts';
import { defined, exporterNames } from './opentelemetry/environment.ts';
import { metricReadersFromEnvironment } from './opentelemetry/metric-readers.ts';
import { propagatorFromEnvironment } from './opentelemetry/propagator.ts';
import { feedReader } from './opentelemetry/reader-feed.ts';
import { batchProcessor, spanProcessorsFromEnvironment } from './opentelemetry/span-processors.ts';
import { variableProblems } from './opentelemetry/variable-problems.ts';
import { prometheusFromEnvironment } from './own-providers.ts';
import { LocalRootProcessor, ownSpanProcessors } from './own-span-processors.ts';
import { mayUseNetwork } from './permissions.ts';
import { markChildren, type ProcessRole, processRole } from './process-role.ts';
import { createSampling, type OwnSampling, withoutSampler } from './sampling.ts';
import type { NodeSdkConfiguration, SondeConfigOptions } from './sonde-config.ts';
import { Subsystems } from './subsystems.ts';
import { createTerminal, type Terminal } from './terminal.ts';
import type { ResolvedOptions, Runtime } from './types.ts';

/** Fields that NodeSDK 0.223 still takes beside their plurals. */
interface OlderFields {
  readonly spanProcessor?: SpanProcessor;
  readonly metricReader?: IMetricReader;
  readonly traceExporter?: SpanExporter;
  readonly logRecordProcessor?: unknown;
}

const LISTS = ['instrumentations', 'spanProcessors', 'metricReaders', 'logRecordProcessors'] as const;

type Anomalies = Runtime['anomalies'];

interface Plan {
  readonly sdk: NodeSdkConfiguration & OlderFields;
  readonly options: ResolvedOptions;
  readonly role: ProcessRole;
  readonly terminal: Terminal;
  readonly deliveries: Deliveries;
  readonly sampling: OwnSampling;
}

/** Processors of the user's, in the order in which NodeSDK looks for them: what it finds first is all it uses. */
function usersProcessors({ spanProcessors, spanProcessor }: Plan['sdk']): readonly SpanProcessor[] | undefined {
  return spanProcessors ?? (spanProcessor === undefined ? undefined : [spanProcessor]);
}

function spanProcessors({ sdk, options, deliveries, sampling }: Plan, anomalies: Anomalies): SpanProcessor[] {
  const own = ownSpanProcessors(options, new LocalRootProcessor(), anomalies);
  const users = usersProcessors(sdk);
  // They see every span as it ends: no tail stage holds back what they get.
  if (users !== undefined) return sampling.processors([...own, ...users], () => []);
  const { traceExporter } = sdk;
  if (traceExporter !== undefined) return sampling.processors(own, (meter) => [batchProcessor(meter(traceExporter))]);
  return sampling.processors(own, (meter) => spanProcessorsFromEnvironment({ deliveries, meter }));
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

/** What the user gave, taken apart; nonsense is told by the resolution of the options, or here. */
function takeApart(input: unknown): { sdk: NodeSdkConfiguration & OlderFields; code: unknown; problems: string[] } {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    return { sdk: {}, code: input, problems: [] };
  }
  const { sdk = {}, ...code } = input as SondeConfigOptions;
  if (typeof sdk === 'object' && sdk !== null) return { ...withLists(sdk), code };
  const problem = `option sdk must be an object of NodeSDK fields, got ${show(sdk)}; it is ignored`;
  return { sdk: {}, code, problems: [problem] };
}

/** Lists that are none are left out: NodeSDK, and what is added to them here, would throw. */
function withLists(sdk: NodeSdkConfiguration): { sdk: NodeSdkConfiguration & OlderFields; problems: string[] } {
  const wrong = LISTS.filter((field) => sdk[field] !== undefined && !Array.isArray(sdk[field]));
  const kept = Object.entries(sdk).filter(([field]) => !(wrong as readonly string[]).includes(field));
  return {
    sdk: wrong.length === 0 ? sdk : (Object.fromEntries(kept) as NodeSdkConfiguration),
    problems: wrong.map((field) => `option sdk.${field} must be an array, got ${show(sdk[field])}; it is ignored`),
  };
}

function samplingOf(sdk: NodeSdkConfiguration, resolution: Resolution): OwnSampling {
  return sdk.sampler === undefined ? createSampling(resolution) : withoutSampler(resolution.options);
}

/** See `sondeConfig`, which loads this file. */
export function createNodeSdkConfiguration(input: SondeConfigOptions): NodeSdkConfiguration {
  const { sdk, code, problems } = takeApart(input);
  const { env, pid, argv } = process;
  const resolution = resolveOptions({ code, environment: env, directory: workingDirectory() });
  const { options } = resolution;
  const role = processRole({ isMainThread, pid, script: argv[1], environment: env });
  const terminal = createTerminal({ role, banner: options.banner, hasChannel: process.channel != null });
  for (const problem of [...problems, ...resolution.problems, ...variableProblems()]) terminal.warn(problem);

  const sampling = samplingOf(sdk, resolution);
  const plan: Plan = { sdk, options, role, terminal, deliveries: new Deliveries(), sampling };
  const made = instrumentations(plan);
  const state = started();
  state.setOverhead = sampling.setOverhead;
  // The reader of what looks for anomalies can be bound once: a preload may have done so.
  const isFirst = state.runtime === undefined;
  const warn = (sentence: string): void => terminal.warn(sentence);
  state.runtime ??= new Subsystems({ options, role, instrumentations: made, warn });
  const { anomalies } = state.runtime;
  if (role === 'main') markChildren(env, pid);
  // NodeSDK would export logs to localhost:4318 where nothing is named.
  const hasLogs = (sdk.logRecordProcessors ?? (sdk as OlderFields).logRecordProcessor) !== undefined;
  const isLogless = !hasLogs && exporterNames('LOGS') === undefined;
  // null is none, as NodeSDK has it.
  const propagator = sdk.textMapPropagator === undefined ? propagatorFromEnvironment() : undefined;
  return {
    ...sdk,
    ...defined({ textMapPropagator: propagator }),
    ...defined({ sampler: sampling.sampler }),
    instrumentations: made,
    spanProcessors: spanProcessors(plan, anomalies),
    metricReaders: withWatcher(metricReaders(plan), isFirst ? anomalies : undefined),
    ...(isLogless ? { logRecordProcessors: [] } : {}),
  };
}
