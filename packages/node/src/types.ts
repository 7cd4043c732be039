import type { AnomalyDetection } from '@sonde/anomaly-detection';

/** Which set of defaults applies; see {@link PRESETS}. */
export type PresetName = 'development' | 'production' | 'minimal';

/** What can be instrumented. */
export type InstrumentationName = 'http' | 'undici' | 'vfs' | 'scheduler' | 'ipc';

/** Which traces are kept: a preset of `@sonde/sampling`, or `off` for what OTEL_TRACES_SAMPLER says. */
export type SamplerName = 'production' | 'development' | 'cost-saver' | 'debug' | 'minimal' | 'off';

/** How much of a path telemetry may tell; see `@sonde/instrumentation-vfs`. */
export type PathDetail = 'none' | 'hashed' | 'redacted' | 'full';

/**
 * What can be set in code, in the environment and in `sonde.yaml`, in this order of precedence. Every field is
 * optional; what is left out comes from the preset.
 */
export interface SondeOptions {
  /** Default: `production` when NODE_ENV is `production`, otherwise `development`. */
  preset?: PresetName;
  /** Exactly these instrumentations run; an empty list switches all off. Default: the preset's. */
  instrumentations?: readonly InstrumentationName[];
  /** Default: the one named as the preset; what OTEL_TRACES_SAMPLER says where it is set and nothing of this kind is. */
  sampler?: SamplerName;
  /** Traces a second that begin here and are kept, 0.001 to 1e9. Default: the sampler's. */
  tracesPerSecond?: number;
  /** One fixed part of the traces, 0 to 1, in place of a budget. */
  samplingRate?: number;
  /** Keep failed, slow, rare and anomalous traces besides those the sampler keeps. Default: the preset's. */
  tailSampling?: boolean;
  /** Split the time of each request into what it waited for, as attributes of its span. Default: the preset's. */
  blame?: boolean;
  /** Part of the event-loop thread's time that telemetry may take, 0 to 1. Default 0.01. */
  overheadTarget?: number;
  /** Look for anomalies in metrics, spans and events. Default: the preset's. */
  anomalyDetection?: boolean;
  /** How often, 100 to 3,600,000 ms. Default 10,000. */
  anomalyIntervalMs?: number;
  /** Standard deviations from which on a rate of events is unusual, 0.1 to 1000. Default 3. */
  anomalyThreshold?: number;
  /** File for what was learned, read at the start, written now and then and at the end. Default: none. */
  anomalyState?: string;
  /** Records the main thread's event ring holds, 1,024 to 16,777,216; 152 bytes each. Default 65,536. */
  streamSize?: number;
  /** An operation that takes this many milliseconds or longer is an event of its own, 1 to 3,600,000. Default 100. */
  slowThresholdMs?: number;
  /** A turn of the event loop this long is reported with what blocked it, 20 to 3,600,000 ms. Default: the preset's. */
  blockedThresholdMs?: number;
  /** What slow and failed filesystem operations tell of their path. Default: the preset's. */
  paths?: PathDetail;
  /** Serve metrics to Prometheus when OTEL_METRICS_EXPORTER names nothing. Default: the preset's. */
  prometheus?: boolean;
  /** Every span is an event when it begins and when it ends. Default: the preset's. */
  spanEvents?: boolean;
  /** Print the start-up line: always, never, or (default) on a terminal. */
  banner?: boolean;
}

/** Where a value came from. */
export type Source = 'code' | 'environment' | 'file' | 'preset';

type Open = 'banner' | 'tracesPerSecond' | 'samplingRate' | 'anomalyState';

/** Every option filled, save those that stay open where nobody decided. */
export type ResolvedOptions = Required<Omit<SondeOptions, Open>> & {
  readonly [Key in Open]: SondeOptions[Key] | undefined;
};

/** What has been started in this thread. */
export interface Runtime {
  /** Names of the instrumentations that it brought. */
  readonly instrumentationNames: readonly string[];
  /** What looks for anomalies; undefined in worker threads, and where it is off. */
  readonly anomalies: AnomalyDetection | undefined;
  /** Hands everything over and waits for those that take it. */
  flush(): Promise<void>;
  /** Takes everything off again. Idempotent. */
  shutdown(): Promise<void>;
}
