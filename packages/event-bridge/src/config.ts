import { eventStream } from '@sonde/event-stream';
import { ANOMALY_NAME, SPAN_EVENT_NAME, SPAN_STARTED_NAME } from './semantic-names.ts';
import type { EventLogBridgeConfig, EventLoggerProvider } from './types.ts';

/** Every option filled; `loggerProvider` stays open, since the global one may be registered later. */
export type ResolvedEventLogBridgeConfig = Required<Omit<EventLogBridgeConfig, 'loggerProvider'>> & {
  readonly loggerProvider: EventLoggerProvider | undefined;
};

/** What holds where nothing is given. `stream` defaults to `eventStream()`, `loggerProvider` to the global one. */
export const DEFAULTS = {
  minSeverity: 13,
  excludedEvents: [SPAN_EVENT_NAME, SPAN_STARTED_NAME, ANOMALY_NAME] as readonly string[],
  foldWindowMs: 5000,
  maxOpenFolds: 1000,
  logsPerSecond: 10,
  burst: 100,
  intervalMs: 1000,
  now: (): number => performance.timeOrigin + performance.now(),
} as const;

interface Rule {
  readonly min: number;
  readonly max: number;
  readonly isInteger?: boolean;
}

const RULES = {
  minSeverity: { min: 1, max: 24, isInteger: true },
  foldWindowMs: { min: 0, max: 3_600_000 },
  maxOpenFolds: { min: 1, max: 100_000, isInteger: true },
  logsPerSecond: { min: Number.MIN_VALUE, max: 1_000_000 },
  burst: { min: 1, max: 1_000_000 },
  intervalMs: { min: 10, max: 60_000 },
} as const satisfies Record<string, Rule>;

function describeRule({ min, max, isInteger }: Rule): string {
  const kind = isInteger === true ? 'an integer' : 'a number';
  return min === Number.MIN_VALUE ? `${kind} above 0, at most ${max}` : `${kind} from ${min} to ${max}`;
}

/** @throws TypeError or RangeError naming the option, the rule and the value */
export function checkNumber(owner: string, option: string, value: unknown, rule: Rule): number {
  const message = `${owner}: ${option} must be ${describeRule(rule)}, got ${String(value)}`;
  if (typeof value !== 'number' || Number.isNaN(value)) throw new TypeError(message);
  if (value < rule.min || value > rule.max) throw new RangeError(message);
  if (rule.isInteger === true && !Number.isInteger(value)) throw new RangeError(message);
  return value;
}

/** @throws TypeError naming the option and the value */
export function checkFunction<T>(owner: string, option: string, value: T): T {
  if (typeof value === 'function') return value;
  throw new TypeError(`${owner}: ${option} must be a function, got ${String(value)}`);
}

function checkNames(value: readonly string[]): readonly string[] {
  if (Array.isArray(value) && value.every((name) => typeof name === 'string')) return value;
  throw new TypeError(`EventLogBridge: excludedEvents must be a list of event names, got ${String(value)}`);
}

function checkProvider(value: EventLoggerProvider | undefined): EventLoggerProvider | undefined {
  if (value === undefined || typeof value.getLogger === 'function') return value;
  throw new TypeError(`EventLogBridge: loggerProvider must have a getLogger method, got ${String(value)}`);
}

/**
 * Validates and fills the options of an `EventLogBridge`.
 * @throws TypeError for a wrong type, RangeError for a value out of range
 */
export function resolveConfig(config: EventLogBridgeConfig = {}): ResolvedEventLogBridgeConfig {
  const number = (option: keyof typeof RULES): number =>
    checkNumber('EventLogBridge', option, config[option] ?? DEFAULTS[option], RULES[option]);
  return {
    stream: config.stream ?? eventStream(),
    loggerProvider: checkProvider(config.loggerProvider),
    minSeverity: number('minSeverity'),
    excludedEvents: checkNames(config.excludedEvents ?? DEFAULTS.excludedEvents),
    foldWindowMs: number('foldWindowMs'),
    maxOpenFolds: number('maxOpenFolds'),
    logsPerSecond: number('logsPerSecond'),
    burst: number('burst'),
    intervalMs: number('intervalMs'),
    now: checkFunction('EventLogBridge', 'now', config.now ?? DEFAULTS.now),
  };
}
