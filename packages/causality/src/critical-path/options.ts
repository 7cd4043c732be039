import { checkOptionNames, show } from '@sonde/instrumentation-kit';
import type { CriticalPathOptions } from './types.ts';

/** What holds where nothing is given. */
export const CRITICAL_PATH_DEFAULTS = {
  toleranceMs: 1,
  maxClockShiftMs: 60_000,
  adoptOrphans: true,
} as const;

/** Every option filled. */
export interface ResolvedOptions {
  readonly traceId: string | undefined;
  readonly rootSpanId: string | undefined;
  readonly toleranceMs: number;
  readonly maxClockShiftMs: number;
  readonly adoptOrphans: boolean;
}

const OWNER = 'criticalPath';
const NAMES = ['traceId', 'rootSpanId', ...Object.keys(CRITICAL_PATH_DEFAULTS)];
const MAX_TOLERANCE_MS = 60_000;
const MAX_SHIFT_MS = 3_600_000;

/** @throws TypeError, RangeError for an option that is unknown or has a bad value */
export function resolveOptions(options: CriticalPathOptions): ResolvedOptions {
  checkOptionNames(OWNER, options, NAMES);
  const {
    traceId,
    rootSpanId,
    toleranceMs = CRITICAL_PATH_DEFAULTS.toleranceMs,
    maxClockShiftMs = CRITICAL_PATH_DEFAULTS.maxClockShiftMs,
    adoptOrphans = CRITICAL_PATH_DEFAULTS.adoptOrphans,
  } = options;
  checkId('traceId', traceId);
  checkId('rootSpanId', rootSpanId);
  checkRange('toleranceMs', toleranceMs, MAX_TOLERANCE_MS);
  checkRange('maxClockShiftMs', maxClockShiftMs, MAX_SHIFT_MS);
  if (typeof adoptOrphans !== 'boolean') refuse('adoptOrphans', 'true or false', adoptOrphans);
  return { traceId, rootSpanId, toleranceMs, maxClockShiftMs, adoptOrphans };
}

function checkId(option: string, value: unknown): void {
  if (value === undefined) return;
  if (typeof value !== 'string') refuse(option, 'an id', value);
  if (value === '') throw new RangeError(sentence(option, 'an id', value));
}

function checkRange(option: string, value: unknown, max: number): void {
  if (typeof value !== 'number') refuse(option, `from 0 to ${max}`, value);
  if (!(value >= 0 && value <= max)) throw new RangeError(sentence(option, `from 0 to ${max}`, value));
}

function sentence(option: string, rule: string, value: unknown): string {
  return `${OWNER}: ${option} must be ${rule}, got ${show(value)}`;
}

function refuse(option: string, rule: string, value: unknown): never {
  throw new TypeError(sentence(option, rule, value));
}
