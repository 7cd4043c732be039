import type { InstrumentationName, PathDetail, PresetName, SamplerName, SondeOptions } from '../types.ts';

/** One row of the configuration reference. */
export interface ConfigurationRow {
  /** Name in code and in `sonde.yaml`; empty for what only the environment can say. */
  readonly key: string;
  /** Environment variable. */
  readonly environment: string;
  readonly type: string;
  readonly default: string;
  readonly description: string;
}

/** What values a setting takes. */
export type Rule =
  | { readonly kind: 'choice'; readonly values: readonly string[] }
  | { readonly kind: 'list'; readonly values: readonly string[] }
  | { readonly kind: 'number'; readonly min: number; readonly max: number; readonly isInteger?: boolean }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'path' };

export interface Setting {
  readonly environment: string;
  readonly rule: Rule;
  readonly default: string;
  readonly description: string;
}

export type SettingKey = keyof SondeOptions;

const PRESET_NAMES: readonly PresetName[] = ['development', 'production', 'minimal'];
const INSTRUMENTATION_NAMES: readonly InstrumentationName[] = ['http', 'undici', 'vfs', 'scheduler', 'ipc'];
const PATH_DETAILS: readonly PathDetail[] = ['none', 'hashed', 'redacted', 'full'];
const SAMPLER_NAMES: readonly SamplerName[] = ['production', 'development', 'cost-saver', 'debug', 'minimal', 'off'];
const BY_PRESET = 'by preset';

/** Every setting: the one source of validation, of the environment variables and of the reference table. */
export const SETTINGS: Readonly<Record<SettingKey, Setting>> = {
  preset: {
    environment: 'SONDE_PRESET',
    rule: { kind: 'choice', values: PRESET_NAMES },
    default: '`production` if NODE_ENV is `production`, else `development`',
    description: 'The set of defaults that the other settings start from.',
  },
  instrumentations: {
    environment: 'SONDE_INSTRUMENTATIONS',
    rule: { kind: 'list', values: INSTRUMENTATION_NAMES },
    default: BY_PRESET,
    description: 'Exactly these run. In the environment separated by commas; `none` is the empty list.',
  },
  sampler: {
    environment: 'SONDE_SAMPLER',
    rule: { kind: 'choice', values: SAMPLER_NAMES },
    default: 'named as the preset',
    description:
      'Which traces are kept: a preset of `@sonde/sampling`, or `off`: OTEL_TRACES_SAMPLER decides, as it also does where it is set and nothing of this kind is.',
  },
  tracesPerSecond: {
    environment: 'SONDE_TRACES_PER_SECOND',
    rule: { kind: 'number', min: 0.001, max: 1e9 },
    default: 'by sampler',
    description: 'Budget of the sampler: traces that begin here and are kept, a second, fair to rare routes.',
  },
  samplingRate: {
    environment: 'SONDE_SAMPLING_RATE',
    rule: { kind: 'number', min: 0, max: 1 },
    default: 'none',
    description: 'Keep one fixed part of the traces in place of a budget: `0.02` is one in fifty.',
  },
  tailSampling: {
    environment: 'SONDE_TAIL_SAMPLING',
    rule: { kind: 'boolean' },
    default: BY_PRESET,
    description:
      'Keep failed, slow, rare and anomalous traces of this process besides those that the sampler keeps, where it does not keep all.',
  },
  blame: {
    environment: 'SONDE_BLAME',
    rule: { kind: 'boolean' },
    default: BY_PRESET,
    description:
      'Split the time of each request into what it waited for (`sonde.blame.*`): garbage collection, a loop blocked by others, the libuv pool, files, connects, other services, queues, the CPU.',
  },
  overheadTarget: {
    environment: 'SONDE_OVERHEAD_TARGET',
    rule: { kind: 'number', min: 0, max: 1 },
    default: '0.01',
    description:
      "Part of the event-loop thread's time that telemetry may take: above it fewer traces are recorded for `tailSampling`, and events below WARN are thinned.",
  },
  anomalyDetection: {
    environment: 'SONDE_ANOMALY_DETECTION',
    rule: { kind: 'boolean' },
    default: BY_PRESET,
    description: 'Look for anomalies in metrics, spans and events, and tell them as logs named `sonde.anomaly`.',
  },
  anomalyIntervalMs: {
    environment: 'SONDE_ANOMALY_INTERVAL_MS',
    rule: { kind: 'number', min: 100, max: 3_600_000 },
    default: '10000',
    description: 'How often that is looked for; each look collects every metric once.',
  },
  anomalyThreshold: {
    environment: 'SONDE_ANOMALY_THRESHOLD',
    rule: { kind: 'number', min: 0.1, max: 1000 },
    default: '3',
    description: 'Standard deviations from which on a rate of events is unusual. Metrics and spans need no threshold.',
  },
  anomalyState: {
    environment: 'SONDE_ANOMALY_STATE',
    rule: { kind: 'path' },
    default: 'none',
    description: 'File for what was learned of each series, so that a restarted process does not begin anew.',
  },
  streamSize: {
    environment: 'SONDE_STREAM_SIZE',
    rule: { kind: 'number', min: 1024, max: 16_777_216, isInteger: true },
    default: '65536',
    description:
      'Records that the event ring of the main thread holds before the oldest is overwritten, 152 bytes of memory each at most.',
  },
  slowThresholdMs: {
    environment: 'SONDE_SLOW_THRESHOLD_MS',
    rule: { kind: 'number', min: 1, max: 3_600_000 },
    default: '100',
    description: 'A filesystem operation that takes this long or longer is told as an event and a span of its own.',
  },
  blockedThresholdMs: {
    environment: 'SONDE_BLOCKED_THRESHOLD_MS',
    rule: { kind: 'number', min: 20, max: 3_600_000 },
    default: BY_PRESET,
    description: 'An event loop blocked this long is reported with function, file, line, route and trace.',
  },
  paths: {
    environment: 'SONDE_PATHS',
    rule: { kind: 'choice', values: PATH_DETAILS },
    default: BY_PRESET,
    description: 'What slow and failed filesystem operations tell of their path.',
  },
  prometheus: {
    environment: 'SONDE_PROMETHEUS',
    rule: { kind: 'boolean' },
    default: BY_PRESET,
    description: 'Serve metrics to Prometheus. OTEL_METRICS_EXPORTER, where set, decides instead.',
  },
  spanEvents: {
    environment: 'SONDE_SPAN_EVENTS',
    rule: { kind: 'boolean' },
    default: BY_PRESET,
    description: 'Every span is an event when it begins and when it ends, for queries, `trace` and `timeline`.',
  },
  banner: {
    environment: 'SONDE_BANNER',
    rule: { kind: 'boolean' },
    default: 'on a terminal, in a main process',
    description: 'Print the start-up line to stderr always (`1`) or never (`0`).',
  },
};

export const SETTING_KEYS: readonly SettingKey[] = Object.keys(SETTINGS) as SettingKey[];

/** The rule in words, as messages and the reference table have it. */
export function describeRule(rule: Rule): string {
  switch (rule.kind) {
    case 'choice':
      return `one of ${rule.values.join(', ')}`;
    case 'list':
      return `a list of ${rule.values.join(', ')}`;
    case 'number':
      return `${rule.isInteger === true ? 'an integer' : 'a number'} from ${rule.min} to ${rule.max}`;
    case 'boolean':
      return 'true or false';
    case 'path':
      return 'a path';
  }
}

const BY_ENVIRONMENT_ONLY: readonly ConfigurationRow[] = [
  {
    key: '',
    environment: 'SONDE_CONFIG',
    type: 'a path',
    default: '`sonde.yaml` or `sonde.yml` in the working directory',
    description: 'The configuration file. It holds the settings of this table as `key: value` lines.',
  },
  {
    key: '',
    environment: 'OTEL_SDK_DISABLED',
    type: 'true or false',
    default: '`false`',
    description: 'Switches everything off.',
  },
  {
    key: '',
    environment: 'OTEL_TRACES_EXPORTER, OTEL_METRICS_EXPORTER, OTEL_LOGS_EXPORTER',
    type: '`otlp`, `console`, `none`; metrics also `prometheus`, traces also `zipkin`',
    default: '`otlp` if an OTLP endpoint is named, else nothing is sent',
    description: 'Where each signal goes. OTEL_METRICS_EXPORTER decides on Prometheus too.',
  },
  {
    key: '',
    environment: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    type: 'a URL',
    default: 'none: nothing is sent unasked',
    description: 'Where OTLP goes. All OTEL_EXPORTER_OTLP_* variables hold, those of single signals included.',
  },
  {
    key: '',
    environment: 'OTEL_EXPORTER_PROMETHEUS_HOST',
    type: 'a host name or address',
    default: '`127.0.0.1`',
    description: 'Address that metrics are served on. Anything but loopback lets others read them.',
  },
  {
    key: '',
    environment: 'OTEL_EXPORTER_PROMETHEUS_PORT',
    type: 'an integer from 0 to 65535',
    default: '`9464`',
    description: 'Port that metrics are served on; 0 takes a free one.',
  },
];

/** Every setting as a row, for docs/configuration.md. */
export const CONFIGURATION: readonly ConfigurationRow[] = [
  ...SETTING_KEYS.map((key) => ({
    key,
    environment: SETTINGS[key].environment,
    type: describeRule(SETTINGS[key].rule),
    default: SETTINGS[key].default,
    description: SETTINGS[key].description,
  })),
  ...BY_ENVIRONMENT_ONLY,
];
