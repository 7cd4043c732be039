import { checkInstrumentationOptions, checkOptionNames, show } from '@sonde/instrumentation-kit';
import type { BlockedLoopConfig, SchedulerInstrumentationConfig } from './types.ts';

/** What holds where nothing is given. */
export const DEFAULTS = {
  eventLoop: true,
  garbageCollection: true,
  operatingSystem: true,
  pool: true,
  poolProbe: false,
  blockedLoop: true,
  longTurnMs: 50,
  maxLongTurns: 256,
  gcPauseMs: 100,
  poolWaitMs: 50,
  windowMs: 60_000,
  maxThreads: 64,
} as const;

/** The same for the `blockedLoop` option. */
export const BLOCKED_LOOP_DEFAULTS = { thresholdMs: 250, stacksPerMinute: 60, burst: 20, maxFrames: 32 } as const;

/** The blocked-loop options, filled. */
export type ResolvedBlockedLoopConfig = Required<Omit<BlockedLoopConfig, 'onBlockedLoop'>> &
  Pick<BlockedLoopConfig, 'onBlockedLoop'>;

/** Every option filled; `blockedLoop` is undefined when it is off. */
export interface ResolvedConfig extends Required<Omit<SchedulerInstrumentationConfig, 'enabled' | 'blockedLoop'>> {
  readonly blockedLoop: ResolvedBlockedLoopConfig | undefined;
}

interface Rule {
  readonly min: number;
  readonly max: number;
  readonly isInteger?: boolean;
}

const OWNER = 'SchedulerInstrumentation';
const HOUR_MS = 3_600_000;
const FLAGS = ['eventLoop', 'garbageCollection', 'operatingSystem', 'pool', 'poolProbe'] as const;
const NUMBERS = {
  longTurnMs: { min: 1, max: HOUR_MS },
  maxLongTurns: { min: 1, max: 10_000, isInteger: true },
  gcPauseMs: { min: 1, max: HOUR_MS },
  poolWaitMs: { min: 1, max: HOUR_MS },
  windowMs: { min: 1_000, max: HOUR_MS },
  maxThreads: { min: 1, max: 4_096, isInteger: true },
} as const satisfies Record<string, Rule>;
const BLOCKED_LOOP_NUMBERS = {
  thresholdMs: { min: 20, max: HOUR_MS },
  stacksPerMinute: { min: 0.1, max: 600 },
  burst: { min: 1, max: 100, isInteger: true },
  maxFrames: { min: 1, max: 100, isInteger: true },
} as const satisfies Record<string, Rule>;

function checkNumber(option: string, value: unknown, rule: Rule): number {
  const kind = rule.isInteger === true ? 'an integer' : 'a number';
  const message = `${OWNER}: ${option} must be ${kind} from ${rule.min} to ${rule.max}, got ${show(value)}`;
  if (typeof value !== 'number' || Number.isNaN(value)) throw new TypeError(message);
  if (value < rule.min || value > rule.max) throw new RangeError(message);
  if (rule.isInteger === true && !Number.isInteger(value)) throw new RangeError(message);
  return value;
}

function checkFlag(option: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new TypeError(`${OWNER}: ${option} must be true or false, got ${show(value)}`);
}

function resolveNumbers<Key extends string>(
  rules: Readonly<Record<Key, Rule>>,
  given: Readonly<Partial<Record<NoInfer<Key>, unknown>>>,
  rest: { readonly defaults: Readonly<Record<NoInfer<Key>, number>>; readonly prefix: string },
): Record<Key, number> {
  const keys = Object.keys(rules) as Key[];
  const entries = keys.map((key) => [
    key,
    checkNumber(rest.prefix + key, given[key] === undefined ? rest.defaults[key] : given[key], rules[key]),
  ]);
  return Object.fromEntries(entries) as Record<Key, number>;
}

function resolveBlockedLoop(input: unknown): ResolvedBlockedLoopConfig | undefined {
  if (input === false) return undefined;
  if (input !== true && (typeof input !== 'object' || input === null)) {
    throw new TypeError(`${OWNER}: blockedLoop must be true, false or an object of options, got ${show(input)}`);
  }
  const given: BlockedLoopConfig = input === true ? {} : (input as BlockedLoopConfig);
  checkOptionNames(`${OWNER}: blockedLoop`, given, [...Object.keys(BLOCKED_LOOP_DEFAULTS), 'onBlockedLoop']);
  const { onBlockedLoop } = given;
  if (onBlockedLoop !== undefined && typeof onBlockedLoop !== 'function') {
    throw new TypeError(`${OWNER}: blockedLoop.onBlockedLoop must be a function, got ${show(onBlockedLoop)}`);
  }
  const numbers = resolveNumbers(BLOCKED_LOOP_NUMBERS, given, {
    defaults: BLOCKED_LOOP_DEFAULTS,
    prefix: 'blockedLoop.',
  });
  return onBlockedLoop === undefined ? numbers : { ...numbers, onBlockedLoop };
}

/**
 * Validates and fills the options.
 * @throws TypeError for a value of the wrong type, RangeError for one out of range; both name option, rule and value
 */
export function resolveConfig(input: SchedulerInstrumentationConfig = {}): ResolvedConfig {
  checkInstrumentationOptions(OWNER, input, Object.keys(DEFAULTS));
  const flags = FLAGS.map((key) => [key, checkFlag(key, input[key] === undefined ? DEFAULTS[key] : input[key])]);
  return {
    ...(Object.fromEntries(flags) as Record<(typeof FLAGS)[number], boolean>),
    ...resolveNumbers(NUMBERS, input, { defaults: DEFAULTS, prefix: '' }),
    blockedLoop: resolveBlockedLoop(input.blockedLoop === undefined ? DEFAULTS.blockedLoop : input.blockedLoop),
  };
}
