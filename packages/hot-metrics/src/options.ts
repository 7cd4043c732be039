import type { ExponentialRange } from './bucket-mapping.ts';
import type { ExponentialConfig, HistogramConfig, InstrumentConfig, InstrumentKind } from './types.ts';

/** 10 us to 10 s in steps of 1, 2.5, 5: bounds for durations in seconds, from a cached `stat` to a slow request. */
export const SECONDS_BOUNDARIES: readonly number[] = [
  0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
  5, 10,
];

type Defaults = Readonly<Required<HistogramConfig> & Required<ExponentialConfig> & { histogramUnit: string }>;

/** What an instrument uses where its config says nothing. */
export const DEFAULTS: Defaults = {
  unit: '',
  histogramUnit: 's',
  description: '',
  cardinalityLimit: 2000,
  bucketBoundaries: SECONDS_BOUNDARIES,
  exponential: false,
  scale: 3,
  minExponent: -30,
  maxExponent: 34,
  exemplars: false,
};

/** Everything about an instrument that its series share; structured-cloneable and the same in every thread. */
export interface InstrumentDefinition {
  readonly scope: string;
  readonly version: string | undefined;
  readonly name: string;
  readonly kind: InstrumentKind;
  readonly unit: string;
  readonly description: string;
  readonly cardinalityLimit: number;
  /** Empty unless it is a histogram with explicit buckets. */
  readonly boundaries: readonly number[];
  readonly exponential: ExponentialRange | undefined;
  readonly exemplars: boolean;
}

/** Who asks for an instrument, and by which name. */
export interface InstrumentRequest {
  readonly scope: string;
  readonly version: string | undefined;
  readonly name: string;
  readonly kind: InstrumentKind;
}

/** The names OpenTelemetry allows: https://opentelemetry.io/docs/specs/otel/metrics/api/#instrument-name-syntax */
const NAME = /^[a-z][a-z0-9_.\-/]{0,254}$/i;
const MAX_LIMIT = 1_000_000;
const MAX_BOUNDARIES = 512;
const MAX_UNIT_LENGTH = 63;

/**
 * Validates and fills the options of an instrument.
 * @throws TypeError for a value of the wrong type, RangeError for one out of range; the sentence names option, rule and value.
 */
export function resolveInstrument(request: InstrumentRequest, config: HistogramConfig = {}): InstrumentDefinition {
  checkName(request.name);
  const thing = `${request.kind} ${request.name}`;
  if (typeof config !== 'object' || config === null)
    throw new TypeError(rule(thing, 'config', 'an object', show(config)));
  const isHistogram = request.kind === 'histogram';
  const exponential = isHistogram ? resolveExponential(thing, config.exponential) : undefined;
  if (exponential !== undefined && config.bucketBoundaries !== undefined)
    throw new TypeError(`${thing}: bucketBoundaries and exponential exclude each other: leave one of them out`);
  return {
    ...request,
    unit: text(thing, 'unit', config) ?? (isHistogram ? DEFAULTS.histogramUnit : DEFAULTS.unit),
    description: text(thing, 'description', config) ?? DEFAULTS.description,
    cardinalityLimit: resolveLimit(thing, config),
    boundaries: isHistogram && exponential === undefined ? resolveBoundaries(thing, config.bucketBoundaries) : [],
    exponential,
    exemplars: isHistogram && flag(thing, 'exemplars', config.exemplars),
  };
}

/** Checks what names an instrumentation scope. @throws TypeError unless both are strings (the version may be left out). */
export function checkScope(scope: unknown, version: unknown): void {
  if (typeof scope !== 'string' || scope === '')
    throw new TypeError(rule('meter', 'scope', 'a non-empty string', show(scope)));
  if (version !== undefined && typeof version !== 'string')
    throw new TypeError(rule(`meter ${scope}`, 'version', 'a string', show(version)));
}

function checkName(name: unknown): void {
  const expected = "1 to 255 of the characters a-z, A-Z, 0-9, '_', '.', '-', '/', the first a letter";
  if (typeof name !== 'string') throw new TypeError(rule('instrument', 'name', expected, show(name)));
  if (!NAME.test(name)) throw new RangeError(rule('instrument', 'name', expected, show(name)));
}

function text(thing: string, option: 'unit' | 'description', config: InstrumentConfig): string | undefined {
  const value = config[option];
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw new TypeError(rule(thing, option, 'a string', show(value)));
  if (option === 'unit' && value.length > MAX_UNIT_LENGTH)
    throw new RangeError(rule(thing, option, `at most ${MAX_UNIT_LENGTH} characters`, show(value)));
  return value;
}

function flag(thing: string, option: string, value: unknown): boolean {
  if (value === undefined) return false;
  if (typeof value !== 'boolean') throw new TypeError(rule(thing, option, 'true or false', show(value)));
  return value;
}

function resolveLimit(thing: string, { cardinalityLimit = DEFAULTS.cardinalityLimit }: InstrumentConfig): number {
  return integer(`${thing}: cardinalityLimit`, cardinalityLimit, 1, MAX_LIMIT);
}

function resolveBoundaries(thing: string, input: readonly number[] = DEFAULTS.bucketBoundaries): readonly number[] {
  const expected = `at most ${MAX_BOUNDARIES} finite numbers, strictly ascending`;
  if (!Array.isArray(input)) throw new TypeError(rule(thing, 'bucketBoundaries', expected, show(input)));
  if (input.length > MAX_BOUNDARIES)
    throw new RangeError(rule(thing, 'bucketBoundaries', expected, `${input.length} numbers`));
  const wrong = input.findIndex((bound, i) => !Number.isFinite(bound) || (i > 0 && bound <= input[i - 1]));
  if (wrong >= 0)
    throw new RangeError(rule(thing, 'bucketBoundaries', expected, `${show(input[wrong])} at position ${wrong}`));
  return Object.freeze([...input]);
}

function resolveExponential(thing: string, input: boolean | ExponentialConfig = false): ExponentialRange | undefined {
  if (input === false) return undefined;
  const config = input === true ? {} : input;
  if (typeof config !== 'object' || config === null)
    throw new TypeError(rule(thing, 'exponential', 'true, false or { scale, minExponent, maxExponent }', show(input)));
  const scale = integer(`${thing}: exponential.scale`, config.scale ?? DEFAULTS.scale, 0, 5);
  const minExponent = integer(`${thing}: exponential.minExponent`, config.minExponent ?? DEFAULTS.minExponent, -60, 60);
  const highest = config.maxExponent ?? Math.max(DEFAULTS.maxExponent, minExponent + 1);
  const maxExponent = integer(`${thing}: exponential.maxExponent`, highest, minExponent + 1, 61);
  return { scale, minExponent, maxExponent };
}

function integer(option: string, value: unknown, least: number, most: number): number {
  const expected = `${option} must be an integer from ${least} to ${most}, got ${show(value)}`;
  if (typeof value !== 'number') throw new TypeError(expected);
  if (!Number.isInteger(value) || value < least || value > most) throw new RangeError(expected);
  return value;
}

function rule(thing: string, option: string, expected: string, shown: string): string {
  return `${thing}: ${option} must be ${expected}, got ${shown}`;
}

/** A value as a message shows it: short, on one line, and never throwing. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}...` : value);
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}
