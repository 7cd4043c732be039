import { checkInstrumentationOptions, show } from '@sonde/instrumentation-kit';
import type { IpcInstrumentationConfig } from './types.ts';

/** What holds where nothing is given. */
export const DEFAULTS = {
  threads: true,
  processes: true,
  sockets: true,
  sharedMemory: false,
  slowThresholdMs: 100,
  spans: true,
} as const;

/** Every option filled. */
export type ResolvedConfig = Required<Omit<IpcInstrumentationConfig, 'enabled'>>;

const OWNER = 'IpcInstrumentation';
const HOUR_MS = 3_600_000;
const FLAGS = ['threads', 'processes', 'sockets', 'sharedMemory', 'spans'] as const;

function checkFlag(option: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new TypeError(`${OWNER}: ${option} must be true or false, got ${show(value)}`);
}

function checkThreshold(value: unknown): number {
  const message = `${OWNER}: slowThresholdMs must be a number of milliseconds from 0 to ${HOUR_MS}, or Infinity, got ${show(value)}`;
  if (typeof value !== 'number') throw new TypeError(message);
  if (!((value >= 0 && value <= HOUR_MS) || value === Number.POSITIVE_INFINITY)) throw new RangeError(message);
  return value;
}

/**
 * Validates and fills the options.
 * @throws TypeError for a value of the wrong type, RangeError for one out of range; both name option, rule and value
 */
export function resolveConfig(input: IpcInstrumentationConfig = {}): ResolvedConfig {
  checkInstrumentationOptions(OWNER, input, Object.keys(DEFAULTS));
  const flags = FLAGS.map((key) => [key, checkFlag(key, input[key] === undefined ? DEFAULTS[key] : input[key])]);
  const { slowThresholdMs = DEFAULTS.slowThresholdMs } = input;
  return {
    ...(Object.fromEntries(flags) as Record<(typeof FLAGS)[number], boolean>),
    slowThresholdMs: checkThreshold(slowThresholdMs),
  };
}
