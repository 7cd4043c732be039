import { portOrFree } from './ports.ts';

/** How a program is run with Sonde preloaded and its telemetry brought here. */
export interface Preload {
  readonly nodeArgs: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly metricsUrl: string;
  /** What the user should know about the address, if it is not the usual one. */
  readonly remark: string | undefined;
}

const USUAL_PORT = 9464;
const METRIC_INTERVAL_MS = 2_000;
/** For the sample, whose anomalies last seconds: a real deployment collects every ten seconds or less often. */
export const DEMO_METRIC_INTERVAL_MS = 1_000;
const FLUSH_MS = 500;

const SIGNALS = ['traces', 'metrics', 'logs'] as const;
const DESTINATIONS = [
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  ...SIGNALS.flatMap((signal) => [`OTEL_${upper(signal)}_EXPORTER`, `OTEL_EXPORTER_OTLP_${upper(signal)}_ENDPOINT`]),
];

const SAMPLING = ['SONDE_SAMPLER', 'SONDE_TRACES_PER_SECOND', 'SONDE_SAMPLING_RATE', 'OTEL_TRACES_SAMPLER'];

/** Whether the user has said where telemetry goes. */
export function hasDestination(user: NodeJS.ProcessEnv): boolean {
  return DESTINATIONS.some((name) => (user[name] ?? '').trim() !== '');
}

/** Whether the user wants no telemetry at all. */
export function hasSwitchedOff(user: NodeJS.ProcessEnv): boolean {
  return user.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true';
}

/** The environment that sets the sampler's budget, unless the user has said anything about the sampler. */
export function samplingEnv(tracesPerSecond: number, user: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const isSet = SAMPLING.some((name) => (user[name] ?? '').trim() !== '');
  return {
    // In its first seconds all code is cold, and recording takes more than the usual hundredth; faults come that early.
    SONDE_OVERHEAD_TARGET: '0.2',
    // Anomalies are looked for as often as metrics are collected here.
    SONDE_ANOMALY_INTERVAL_MS: String(DEMO_METRIC_INTERVAL_MS),
    ...(isSet ? {} : { SONDE_TRACES_PER_SECOND: String(tracesPerSecond) }),
  };
}

/** The flag that preloads Sonde: an address, so that it works in any folder. */
export function preloadArgs(): readonly string[] {
  return ['--import', import.meta.resolve('@sonde/node/register')];
}

/**
 * The preload flag and the environment: OTLP to `sinkUrl`, /metrics on the usual port or a free one. Whatever the user
 * has set stays as it is, except where the telemetry goes.
 */
export async function preload(
  sinkUrl: string,
  user: NodeJS.ProcessEnv,
  metricIntervalMs: number = METRIC_INTERVAL_MS,
): Promise<Preload> {
  const wanted = wantedPort(user.OTEL_EXPORTER_PROMETHEUS_PORT);
  const port = await portOrFree(wanted);
  return {
    nodeArgs: preloadArgs(),
    metricsUrl: `http://127.0.0.1:${port}/metrics`,
    remark: wanted === 0 || port === wanted ? undefined : `port ${wanted} is taken, /metrics is on ${port}`,
    env: {
      // Short intervals, because a run takes seconds; a real deployment keeps the defaults.
      OTEL_METRIC_EXPORT_INTERVAL: String(metricIntervalMs),
      OTEL_METRIC_EXPORT_TIMEOUT: String(metricIntervalMs),
      OTEL_BSP_SCHEDULE_DELAY: String(FLUSH_MS),
      OTEL_BSP_MAX_QUEUE_SIZE: '16384',
      OTEL_BLRP_SCHEDULE_DELAY: String(FLUSH_MS),
      ...user,
      // By signal: that is what overrules everything else the environment may say.
      ...Object.fromEntries(
        SIGNALS.flatMap((signal) => [
          [`OTEL_EXPORTER_OTLP_${upper(signal)}_ENDPOINT`, `${sinkUrl}/v1/${signal}`],
          [`OTEL_EXPORTER_OTLP_${upper(signal)}_PROTOCOL`, 'http/json'],
        ]),
      ),
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'cumulative',
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_METRICS_EXPORTER: 'otlp,prometheus',
      OTEL_LOGS_EXPORTER: 'otlp',
      OTEL_EXPORTER_PROMETHEUS_HOST: '127.0.0.1',
      OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
    },
  };
}

/** A port that can be asked for; anything else counts as not set. */
function wantedPort(text: string | undefined): number {
  const port = /^\d{1,5}$/.test(text?.trim() ?? '') ? Number(text) : USUAL_PORT;
  return port <= 65_535 ? port : USUAL_PORT;
}

function upper(signal: string): string {
  return signal.toUpperCase();
}
