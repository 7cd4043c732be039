import { LogLinearHistogram } from '@sonde/statistics';
import { show } from './options.ts';
import type { SlowOperations, SlowOperationsConfig } from './types.ts';

const DEFAULTS = { thresholdMs: 100, quantile: undefined, minCount: 200, floorMs: 5 } as const;

/** The quantile is looked up again after this many durations: a look-up costs about a microsecond. */
const REFRESH_EVERY = 64;
/** After this many durations the past is halved, so that an operation whose nature changed is judged anew. */
const HALVE_EVERY = 8192;
/** 16 buckets an octave: the quantile is right to about 3 %. */
const BUCKETS_PER_OCTAVE = 16;

interface ResolvedConfig {
  readonly thresholdMs: number;
  readonly quantile: number | undefined;
  readonly minCount: number;
  readonly floorMs: number;
}

function checked(name: string, value: number, isValid: boolean, rule: string): number {
  if (typeof value !== 'number') throw new TypeError(`SlowOperations: ${name} must be ${rule}, got ${show(value)}`);
  if (!isValid) throw new RangeError(`SlowOperations: ${name} must be ${rule}, got ${value}`);
  return value;
}

function resolveConfig(config: SlowOperationsConfig): ResolvedConfig {
  const { thresholdMs, minCount, floorMs, quantile } = { ...DEFAULTS, ...config };
  if (quantile !== undefined)
    checked('quantile', quantile, quantile > 0 && quantile < 1, 'between 0 and 1 (exclusive)');
  return {
    thresholdMs: checked('thresholdMs', thresholdMs, thresholdMs >= 0, 'a number of milliseconds >= 0'),
    quantile,
    minCount: checked('minCount', minCount, Number.isInteger(minCount) && minCount >= 1, 'an integer >= 1'),
    floorMs: checked('floorMs', floorMs, floorMs >= 0, 'a number of milliseconds >= 0'),
  };
}

/** The past of one operation and the limit that follows from it. */
interface Past {
  readonly histogram: LogLinearHistogram;
  seen: number;
  limitMs: number;
}

function remember(past: Past, durationMs: number, config: ResolvedConfig): void {
  past.histogram.record(durationMs);
  past.seen += 1;
  if (past.seen % REFRESH_EVERY !== 0 && past.seen !== config.minCount) return;
  if (past.seen < config.minCount) return;
  const limit = Math.max(config.floorMs, past.histogram.quantile(config.quantile ?? 1));
  past.limitMs = Math.min(config.thresholdMs, limit);
  if (past.seen % HALVE_EVERY === 0) past.histogram.halve();
}

/**
 * Creates the policy: slow is what reaches the static threshold, or, with a `quantile`, what lies above that quantile
 * of the same operation's past (at least `minCount` durations) and above `floorMs`. With the threshold alone a decision
 * is one comparison. The quantile is a streaming one out of a log-linear histogram whose past fades by halving.
 * @throws TypeError, RangeError on a bad option
 */
export function createSlowOperations(config: SlowOperationsConfig = {}): SlowOperations {
  const resolved = resolveConfig(config);
  const { thresholdMs } = resolved;
  if (resolved.quantile === undefined) {
    return { isSlow: (_operation, durationMs) => durationMs >= thresholdMs, limitMs: () => thresholdMs };
  }
  const pasts: Past[] = [];
  const pastOf = (operation: number): Past => {
    const known = pasts[operation];
    if (known !== undefined) return known;
    const past: Past = {
      histogram: new LogLinearHistogram({ bucketsPerOctave: BUCKETS_PER_OCTAVE }),
      seen: 0,
      limitMs: thresholdMs,
    };
    pasts[operation] = past;
    return past;
  };
  return {
    isSlow(operation, durationMs): boolean {
      const past = pastOf(operation);
      const slow = durationMs >= past.limitMs;
      remember(past, durationMs, resolved);
      return slow;
    },
    limitMs: (operation) => pasts[operation]?.limitMs ?? thresholdMs,
  };
}
