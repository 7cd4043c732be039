import { checkOptionNames, show } from '@sonde/instrumentation-kit';
import type { KeyFunction } from './key-source.ts';
import type { SamplingRule } from './rules.ts';

/** Options of an {@link AdaptiveSampler}; every one may be changed later by `update`. */
export interface AdaptiveSamplerConfig {
  /** Traces a second to keep, above 0 to 1e9. Default 10. Volume and cost grow with it. Not together with `spansPerSecond`. */
  tracesPerSecond?: number;
  /** Spans a second to keep, above 0 to 1e9. Needs the sampler's span processor, which counts the spans of each key. */
  spansPerSecond?: number;
  /** 0: each key may keep as many traces; 1: each trace has the same chance; between: between. Default 0.5. */
  uniformity?: number;
  /** Keys that are told apart, 16 to 65,536; further ones share slots. Default 1024, some 200 KB. */
  maxKeys?: number;
  /** A key that has traffic is kept at least once in each period of this length, 1,000 to 3,600,000 ms; 0 promises nothing. Default 60,000. */
  coverageMs?: number;
  /** Part of the budget that this promise may use, 0 to 1. Default 0.25. */
  coverageShare?: number;
  /** Time between plans while nothing surprising happens, 100 to 60,000 ms. Default 1000. */
  planIntervalMs?: number;
  /** Time constant of estimated rates, 100 to 600,000 ms. Default 5000; more is steadier and slower. */
  smoothingMs?: number;
  /** Names what a trace is kept as. Default: kind and method with the route, else the path, else the span name. */
  key?: KeyFunction | undefined;
  /** Asked in their order, the first that fits counts; at most 100. Default: none. */
  rules?: readonly SamplingRule[];
  /** Keys that get metrics of their own, 0 to 1,000; the others are reported together. Default 100. */
  metricKeys?: number;
}

/** What cannot be changed later: where time and chance come from. */
export interface AdaptiveSamplerEnvironment {
  /** Milliseconds; may jump. Default `performance.now()`. */
  now?: () => number;
  /** 0 to 1; the secret of the key hash. Default `Math.random()`. */
  random?: () => number;
  /** Calls back every `ms` until the function that it returns is called. Default: an unref'd interval. */
  every?: (callback: () => void, ms: number) => () => void;
}

type Filled = Required<Omit<AdaptiveSamplerConfig, 'tracesPerSecond' | 'spansPerSecond' | 'key'>>;

/** Every option filled. */
export interface ResolvedConfig extends Filled {
  readonly budget: number;
  readonly unit: 'traces' | 'spans';
  readonly key: KeyFunction | undefined;
}

/** What holds where nothing is given. */
export const DEFAULTS = {
  tracesPerSecond: 10,
  uniformity: 0.5,
  maxKeys: 1024,
  coverageMs: 60_000,
  coverageShare: 0.25,
  planIntervalMs: 1000,
  smoothingMs: 5000,
  rules: [] as readonly SamplingRule[],
  metricKeys: 100,
} as const;

interface Rule {
  readonly min: number;
  readonly max: number;
  readonly isInteger?: boolean;
  readonly orZero?: boolean;
}

const BUDGET: Rule = { min: Number.MIN_VALUE, max: 1e9 };
const RULES = {
  uniformity: { min: 0, max: 1 },
  maxKeys: { min: 16, max: 65_536, isInteger: true },
  coverageMs: { min: 1000, max: 3_600_000, orZero: true },
  coverageShare: { min: 0, max: 1 },
  planIntervalMs: { min: 100, max: 60_000 },
  smoothingMs: { min: 100, max: 600_000 },
  metricKeys: { min: 0, max: 1000, isInteger: true },
} as const satisfies Record<string, Rule>;
const MAX_RULES = 100;

function describeRule({ min, max, isInteger, orZero }: Rule): string {
  const kind = isInteger === true ? 'an integer' : 'a number';
  if (min === Number.MIN_VALUE) return `${kind} above 0, at most ${max} (to keep nothing, use AlwaysOffSampler)`;
  return `${kind} from ${min} to ${max}${orZero === true ? ', or 0' : ''}`;
}

function checkNumber(option: string, value: unknown, rule: Rule): number {
  const message = `AdaptiveSampler: ${option} must be ${describeRule(rule)}, got ${show(value)}`;
  if (typeof value !== 'number' || Number.isNaN(value)) throw new TypeError(message);
  if (rule.orZero === true && value === 0) return value;
  if (value < rule.min || value > rule.max) throw new RangeError(message);
  if (rule.isInteger === true && !Number.isInteger(value)) throw new RangeError(message);
  return value;
}

function refuse(option: string, rule: string, value: unknown): never {
  throw new TypeError(`AdaptiveSampler: ${option} must be ${rule}, got ${show(value)}`);
}

function checkKeep(option: string, keep: SamplingRule['keep']): void {
  if (keep === 'always' || keep === 'never') return;
  const isObject = typeof keep === 'object' && keep !== null;
  if (isObject) checkOptionNames(`AdaptiveSampler: ${option}`, keep, ['probability', 'budget']);
  if (isObject && 'probability' in keep && !('budget' in keep)) {
    checkNumber(`${option}.probability`, keep.probability, { min: 0, max: 1 });
  } else if (isObject && 'budget' in keep && !('probability' in keep)) {
    checkNumber(`${option}.budget`, keep.budget, BUDGET);
  } else refuse(option, "'always', 'never', { probability } or { budget }", keep);
}

function isKind(kind: unknown): boolean {
  return Number.isInteger(kind) && (kind as number) >= 0 && (kind as number) <= 4;
}

const RULE_OPTIONS = ['name', 'route', 'kind', 'attribute', 'keep'];

function checkRule(rule: SamplingRule, index: number): void {
  const at = `rules[${index}]`;
  checkOptionNames(`AdaptiveSampler: ${at}`, rule, RULE_OPTIONS);
  const { name = '', route = '*', kind = 0, attribute = { key: '' }, keep } = rule;
  if (typeof name !== 'string') refuse(`${at}.name`, 'a string', name);
  if (typeof route !== 'string' || route === '') refuse(`${at}.route`, 'a route or path', route);
  if (!isKind(kind)) refuse(`${at}.kind`, 'a SpanKind', kind);
  if (typeof attribute?.key !== 'string') refuse(`${at}.attribute`, 'an object with a key', attribute);
  checkKeep(`${at}.keep`, keep);
}

function checkRules(rules: readonly SamplingRule[]): readonly SamplingRule[] {
  if (!Array.isArray(rules) || rules.length > MAX_RULES) refuse('rules', `a list of at most ${MAX_RULES}`, rules);
  rules.forEach(checkRule);
  return structuredClone(rules);
}

function resolveBudget(config: AdaptiveSamplerConfig): Pick<ResolvedConfig, 'budget' | 'unit'> {
  const { tracesPerSecond, spansPerSecond } = config;
  if (spansPerSecond === undefined) {
    const traces = tracesPerSecond ?? DEFAULTS.tracesPerSecond;
    return { unit: 'traces', budget: checkNumber('tracesPerSecond', traces, BUDGET) };
  }
  if (tracesPerSecond !== undefined) {
    throw new TypeError('AdaptiveSampler: give tracesPerSecond or spansPerSecond, not both');
  }
  return { unit: 'spans', budget: checkNumber('spansPerSecond', spansPerSecond, BUDGET) };
}

/**
 * Validates and fills the options.
 * @throws TypeError for a wrong type, RangeError for a value out of range
 */
export function resolveConfig(config: AdaptiveSamplerConfig = {}): ResolvedConfig {
  checkOptionNames('AdaptiveSampler', config, [...Object.keys(DEFAULTS), 'spansPerSecond', 'key']);
  const number = (option: keyof typeof RULES): number =>
    checkNumber(option, config[option] ?? DEFAULTS[option], RULES[option]);
  if (config.key !== undefined && typeof config.key !== 'function') refuse('key', 'a function', config.key);
  return {
    ...resolveBudget(config),
    uniformity: number('uniformity'),
    maxKeys: number('maxKeys'),
    coverageMs: number('coverageMs'),
    coverageShare: number('coverageShare'),
    planIntervalMs: number('planIntervalMs'),
    smoothingMs: number('smoothingMs'),
    key: config.key,
    rules: checkRules(config.rules ?? DEFAULTS.rules),
    metricKeys: number('metricKeys'),
  };
}
