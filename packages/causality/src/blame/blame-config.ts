import { checkNextSpanProcessor, checkOptionNames, type NextSpanProcessor, show } from '@sonde/instrumentation-kit';

/** Options of a {@link CausalitySpanProcessor}. */
export interface BlameConfig {
  /** What gets every span; nothing else may: put the exporting processor here, not beside. */
  next: NextSpanProcessor;
  /** Shorter local roots are handed on at once as they are, 0 to 600,000 ms. Default 10. */
  minDurationMs?: number;
  /** Local roots that wait for late evidence at most, 1 to 1e6: others are handed on as they are. Default 2,048. */
  maxHeld?: number;
  /** Links to culprits of one span at most, 0 to 128. Default 3. */
  maxLinks?: number;
}

/** What cannot be changed later: where time comes from. */
export interface BlameEnvironment {
  /** Milliseconds on the clock of what is noted. Default `performance.now()`. */
  now?: () => number;
  /** Epoch milliseconds. Default `Date.now()`. */
  epochNow?: () => number;
  /** Calls back at the end of the turn of the event loop, or of the next. Default: an unref'd immediate. */
  atTurnEnd?: (callback: () => void) => void;
  /** Has an idle event loop turn every `ms` until the function that it returns is called. Default: an unref'd interval. */
  keepTurning?: (ms: number) => () => void;
}

/** What holds where nothing is given. */
export const BLAME_DEFAULTS = { minDurationMs: 10, maxHeld: 2048, maxLinks: 3 } as const;

/** Every option filled. */
export type ResolvedBlameConfig = Required<BlameConfig>;

const OWNER = 'CausalitySpanProcessor';
const RANGES = {
  minDurationMs: { min: 0, max: 600_000, isInteger: false },
  maxHeld: { min: 1, max: 1e6, isInteger: true },
  maxLinks: { min: 0, max: 128, isInteger: true },
} as const;

function refuse(option: string, rule: string, value: unknown): string {
  return `${OWNER}: ${option} must be ${rule}, got ${show(value)}`;
}

function checkNumber(option: keyof typeof RANGES, value: unknown): number {
  const { min, max, isInteger } = RANGES[option];
  const message = refuse(option, `${isInteger ? 'an integer' : 'a number'} from ${min} to ${max}`, value);
  if (typeof value !== 'number' || Number.isNaN(value)) throw new TypeError(message);
  if (value < min || value > max || (isInteger && !Number.isInteger(value))) throw new RangeError(message);
  return value;
}

/**
 * Validates and fills the options.
 * @throws TypeError for a wrong type or an unknown name, RangeError for a value out of range
 */
export function resolveBlameConfig(config: BlameConfig): ResolvedBlameConfig {
  checkOptionNames(OWNER, config, ['next', ...Object.keys(BLAME_DEFAULTS)]);
  const number = (option: keyof typeof RANGES): number =>
    checkNumber(option, config[option] === undefined ? BLAME_DEFAULTS[option] : config[option]);
  return {
    next: checkNextSpanProcessor(OWNER, config.next),
    minDurationMs: number('minDurationMs'),
    maxHeld: number('maxHeld'),
    maxLinks: number('maxLinks'),
  };
}
