import type { EventStreamConfig } from './types.ts';

export type ResolvedStreamConfig = Required<EventStreamConfig>;

/** What a stream is made of when nothing is said; a worker thread's process-wide stream has `WORKER_SLOTS`. */
export const DEFAULTS = {
  slots: 65_536,
  textBytesPerSlot: 64,
  dictionaryBytes: 1_048_576,
  maxDriftMs: 60_000,
} as const;

export const WORKER_SLOTS = 8192;

/** Fills and checks a configuration. @throws RangeError or TypeError naming the option, the rule and the value */
export function resolveStreamConfig(config: EventStreamConfig): ResolvedStreamConfig {
  const { now = () => performance.now(), timeOriginMs = performance.timeOrigin } = config;
  if (typeof now !== 'function') {
    throw new TypeError(`event stream: now must be a function that returns milliseconds, got ${String(now)}`);
  }
  const slots = powerOfTwo('slots', config.slots ?? DEFAULTS.slots, 1024, 2 ** 24);
  return {
    now,
    timeOriginMs: inRange('timeOriginMs', timeOriginMs, 0, 2 ** 47),
    threadId: inRange('threadId', config.threadId ?? 0, 0, 2 ** 31),
    pid: inRange('pid', config.pid ?? 0, 0, 2 ** 31),
    slots,
    textBytes: powerOfTwo('textBytes', config.textBytes ?? slots * DEFAULTS.textBytesPerSlot, 65_536, 2 ** 30),
    contexts: powerOfTwo('contexts', config.contexts ?? slots, 1024, 2 ** 24),
    dictionaryBytes: inRange('dictionaryBytes', config.dictionaryBytes ?? DEFAULTS.dictionaryBytes, 16_384, 2 ** 26),
    maxDriftMs: inRange('maxDriftMs', config.maxDriftMs ?? DEFAULTS.maxDriftMs, 0, 3_600_000),
  };
}

function powerOfTwo(option: string, value: number, min: number, max: number): number {
  return 2 ** Math.ceil(Math.log2(inRange(option, value, min, max)));
}

function inRange(option: string, value: number, min: number, max: number): number {
  if (typeof value !== 'number' || !(value >= min && value <= max)) {
    throw new RangeError(`event stream: ${option} must be a number from ${min} to ${max}, got ${String(value)}`);
  }
  return value;
}
