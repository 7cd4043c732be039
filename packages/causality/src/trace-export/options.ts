import { checkOptionNames, show } from '@sonde/instrumentation-kit';
import type { ChromeTraceOptions } from './types.ts';

/** What holds where nothing is given. */
export const CHROME_TRACE_DEFAULTS = {
  criticalPaths: 10,
  maxSpans: 100_000,
  maxEvents: 100_000,
  attributes: true,
} as const;

/** Every option filled. */
export interface ResolvedExport {
  readonly criticalPaths: number;
  readonly maxSpans: number;
  readonly maxEvents: number;
  readonly attributes: boolean;
}

const OWNER = 'toChromeTrace';
const MOST = 1_000_000;
const MOST_PATHS = 1000;

/** @throws TypeError, RangeError for an option that is unknown or has a bad value */
export function resolveExport(options: ChromeTraceOptions): ResolvedExport {
  checkOptionNames(OWNER, options, Object.keys(CHROME_TRACE_DEFAULTS));
  const {
    criticalPaths = CHROME_TRACE_DEFAULTS.criticalPaths,
    maxSpans = CHROME_TRACE_DEFAULTS.maxSpans,
    maxEvents = CHROME_TRACE_DEFAULTS.maxEvents,
    attributes = CHROME_TRACE_DEFAULTS.attributes,
  } = options;
  checkCount('criticalPaths', criticalPaths, 0, MOST_PATHS);
  checkCount('maxSpans', maxSpans, 1, MOST);
  checkCount('maxEvents', maxEvents, 0, MOST);
  if (typeof attributes !== 'boolean') {
    throw new TypeError(`${OWNER}: attributes must be true or false, got ${show(attributes)}`);
  }
  return { criticalPaths, maxSpans, maxEvents, attributes };
}

function checkCount(option: string, value: unknown, min: number, max: number): void {
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return;
  throw new RangeError(`${OWNER}: ${option} must be a whole number from ${min} to ${max}, got ${show(value)}`);
}
