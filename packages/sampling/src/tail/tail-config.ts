import { checkOptionNames, type NextSpanProcessor, show } from '@sonde/instrumentation-kit';
import type { AdaptiveSampler } from '../adaptive-sampler.ts';
import { TAIL_REASONS, type TailReason } from './tail-reason.ts';

/** Options of a {@link TailSamplingSpanProcessor}. */
export interface TailSamplingConfig {
  /** What gets the spans that are kept; nothing else may: put the exporting processor here, not beside. */
  next: NextSpanProcessor;
  /** The sampler of the same tracer provider: it records what may be kept after all. */
  sampler: AdaptiveSampler;
  /** Traces a second that are kept for a reason, beyond what the sampler keeps; above 0 to 1e9. Default 5. */
  tracesPerSecond?: number;
  /** The reasons that count, each with a share of its own for each key. Default: all. */
  reasons?: readonly TailReason[];
  /** No trace below this duration is slow, 1 to 600,000 ms. Default 100. */
  slowFloorMs?: number;
  /** Traces of a key before any of them is slow or of a rare shape, 10 to 1e6. Default 200. */
  minCount?: number;
  /** How long a trace is held at most, 100 to 600,000 ms: then it is decided by what is known. Default 30,000. */
  maxWaitMs?: number;
  /** How long the end of open child spans is waited for once the local root has ended, 0 to 600,000 ms. Default 1000. */
  childWaitMs?: number;
  /** Spans of one trace that are held at most, 1 to 1e6: then it is decided by what is known. Default 512. */
  maxSpans?: number;
  /** Estimated memory of all that is held, 10,000 to 1e10 bytes: beyond it the oldest traces are let go. Default 8e6. */
  maxBytes?: number;
}

/** What cannot be changed later: where time comes from. */
export interface TailSamplingEnvironment {
  /** Milliseconds; may jump. Default `performance.now()`. */
  now?: () => number;
  /** Calls back every `ms` until the function that it returns is called. Default: an unref'd interval. */
  every?: (callback: () => void, ms: number) => () => void;
}

/** What holds where nothing is given. */
export const TAIL_DEFAULTS = {
  tracesPerSecond: 5,
  reasons: TAIL_REASONS as readonly TailReason[],
  slowFloorMs: 100,
  minCount: 200,
  maxWaitMs: 30_000,
  childWaitMs: 1000,
  maxSpans: 512,
  maxBytes: 8_000_000,
} as const;

/** Every option filled. */
export type ResolvedTailConfig = Required<TailSamplingConfig>;

const RANGES = {
  tracesPerSecond: [Number.MIN_VALUE, 1e9],
  slowFloorMs: [1, 600_000],
  minCount: [10, 1e6],
  maxWaitMs: [100, 600_000],
  childWaitMs: [0, 600_000],
  maxSpans: [1, 1e6],
  maxBytes: [10_000, 1e10],
} as const satisfies Record<string, readonly [min: number, max: number]>;

function refuse(option: string, rule: string, value: unknown): TypeError {
  return new TypeError(`TailSamplingSpanProcessor: ${option} must be ${rule}, got ${show(value)}`);
}

function checkNumber(option: keyof typeof RANGES, value: unknown): number {
  const [min, max] = RANGES[option];
  const rule = min === Number.MIN_VALUE ? `a number above 0, at most ${max}` : `a number from ${min} to ${max}`;
  if (typeof value !== 'number' || Number.isNaN(value)) throw refuse(option, rule, value);
  if (value < min || value > max) throw new RangeError(refuse(option, rule, value).message);
  return value;
}

function checkReasons(reasons: readonly TailReason[]): readonly TailReason[] {
  const isList = Array.isArray(reasons) && reasons.every((reason) => TAIL_REASONS.includes(reason));
  if (!isList) throw refuse('reasons', `a list of ${TAIL_REASONS.join(', ')}`, reasons);
  return [...reasons];
}

function checkMethods(option: string, value: unknown, methods: readonly string[]): void {
  const isObject = typeof value === 'object' && value !== null;
  if (isObject && methods.every((name) => typeof (value as Record<string, unknown>)[name] === 'function')) return;
  throw refuse(option, option === 'next' ? 'a SpanProcessor' : 'an AdaptiveSampler', value);
}

/**
 * Validates and fills the options.
 * @throws TypeError for a wrong type or an unknown name, RangeError for a value out of range
 */
export function resolveTailConfig(config: TailSamplingConfig): ResolvedTailConfig {
  checkOptionNames('TailSamplingSpanProcessor', config, ['next', 'sampler', ...Object.keys(TAIL_DEFAULTS)]);
  const { next, sampler } = config;
  checkMethods('next', next, ['onStart', 'onEnd', 'forceFlush', 'shutdown']);
  checkMethods('sampler', sampler, ['shouldSample', 'attachTail']);
  const number = (option: keyof typeof RANGES): number => checkNumber(option, config[option] ?? TAIL_DEFAULTS[option]);
  return {
    next,
    sampler,
    tracesPerSecond: number('tracesPerSecond'),
    reasons: checkReasons(config.reasons ?? TAIL_DEFAULTS.reasons),
    slowFloorMs: number('slowFloorMs'),
    minCount: number('minCount'),
    maxWaitMs: number('maxWaitMs'),
    childWaitMs: number('childWaitMs'),
    maxSpans: number('maxSpans'),
    maxBytes: number('maxBytes'),
  };
}
