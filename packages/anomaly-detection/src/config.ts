import { checkOptionNames, show } from '@sonde/instrumentation-kit';
import type { AnomalyListener } from './types.ts';

/** Options of {@link createAnomalyDetection}. */
export interface AnomalyDetectionConfig {
  /** How often everything is looked at, 100 to 3,600,000 ms. Default 10,000. Each look collects every metric once. */
  intervalMs?: number;
  /** Standard deviations from which on a rate of events is unusual, above 0 to 1000. Default 3. Series need no threshold. */
  threshold?: number;
  /** Series watched at most, 1 to 1,000,000. Default 10,000; up to 10 KB each, once they have varied. */
  maxSeries?: number;
  /** Span operations watched at most, 1 to 100,000. Default 500; 6 KB each. */
  maxOperations?: number;
  /**
   * How long a series is learned before the detector of long histories speaks of it, 0 to 1e9 ms. Default 600,000.
   * Floods of errors, slow operations and growing memory are told after some 20 s all the same.
   */
  warmUpMs?: number;
  /** Anomalies told in an hour at most, 1 to 10,000; more are counted only. Default 20. */
  maxPerHour?: number;
  /** Whether hot metrics are read: `auto` while another reader reads them too, else they come through the SDK. */
  hotMetrics?: 'auto' | 'always' | 'never';
  /** Whether memory use is sampled where no metric tells it. Default true; 20 us an interval. */
  sampleMemory?: boolean;
  /** Whether the rates of events in the stream are watched. Default true. */
  watchEvents?: boolean;
  /** File for what was learned, read at the start, written now and then and at the end. Default '': none. */
  statePath?: string;
  /** Told of each anomaly. */
  onAnomaly?: AnomalyListener | undefined;
}

/** Every option filled. */
export type ResolvedAnomalyConfig = Required<AnomalyDetectionConfig>;

/** What holds where nothing is given. */
export const DEFAULTS = {
  intervalMs: 10_000,
  threshold: 3,
  maxSeries: 10_000,
  maxOperations: 500,
  warmUpMs: 600_000,
  maxPerHour: 20,
  hotMetrics: 'auto',
  sampleMemory: true,
  watchEvents: true,
  statePath: '',
} as const;

const OWNER = 'createAnomalyDetection';
const HOT_METRICS = ['auto', 'always', 'never'] as const;
const RANGES = {
  intervalMs: [100, 3_600_000],
  threshold: [Number.MIN_VALUE, 1000],
  maxSeries: [1, 1_000_000],
  maxOperations: [1, 100_000],
  warmUpMs: [0, 1e9],
  maxPerHour: [1, 10_000],
} as const satisfies Record<string, readonly [min: number, max: number]>;

function refuse(option: string, rule: string, value: unknown): TypeError {
  return new TypeError(`${OWNER}: ${option} must be ${rule}, got ${show(value)}`);
}

function checkNumber(option: keyof typeof RANGES, value: unknown): number {
  const [min, max] = RANGES[option];
  const rule = min === Number.MIN_VALUE ? `a number above 0, at most ${max}` : `a number from ${min} to ${max}`;
  if (typeof value !== 'number' || Number.isNaN(value)) throw refuse(option, rule, value);
  if (value < min || value > max) throw new RangeError(refuse(option, rule, value).message);
  return option.startsWith('max') ? Math.floor(value) : value;
}

function checkBoolean(option: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw refuse(option, 'true or false', value);
}

function checkPath(value: unknown): string {
  if (typeof value === 'string' && !value.includes('\0')) return value;
  throw refuse('statePath', 'a path, or empty for none', value);
}

/**
 * Validates and fills the options.
 * @throws TypeError for a wrong type or an unknown name, RangeError for a value out of range
 */
export function resolveConfig(config: AnomalyDetectionConfig = {}): ResolvedAnomalyConfig {
  checkOptionNames(OWNER, config, [...Object.keys(DEFAULTS), 'onAnomaly']);
  const number = (option: keyof typeof RANGES): number => checkNumber(option, config[option] ?? DEFAULTS[option]);
  const hotMetrics = config.hotMetrics ?? DEFAULTS.hotMetrics;
  if (!HOT_METRICS.includes(hotMetrics)) throw refuse('hotMetrics', `one of ${HOT_METRICS.join(', ')}`, hotMetrics);
  const { onAnomaly } = config;
  if (onAnomaly !== undefined && typeof onAnomaly !== 'function') throw refuse('onAnomaly', 'a function', onAnomaly);
  return {
    intervalMs: number('intervalMs'),
    threshold: number('threshold'),
    maxSeries: number('maxSeries'),
    maxOperations: number('maxOperations'),
    warmUpMs: number('warmUpMs'),
    maxPerHour: number('maxPerHour'),
    hotMetrics,
    sampleMemory: checkBoolean('sampleMemory', config.sampleMemory ?? DEFAULTS.sampleMemory),
    watchEvents: checkBoolean('watchEvents', config.watchEvents ?? DEFAULTS.watchEvents),
    statePath: checkPath(config.statePath ?? DEFAULTS.statePath),
    onAnomaly,
  };
}
