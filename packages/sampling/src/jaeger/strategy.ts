import type { Attributes } from '@opentelemetry/api';
import type { KeyStrategy } from '../key-strategy.ts';
import { isKept, RANDOM_OFFSET, thresholdOf } from '../threshold.ts';

/** Operations that are told apart; what comes beyond them gets the default. */
const MAX_OPERATIONS = 2000;
const MAX_NAME = 512;
const MAX_RATE = 1e9;

interface Reply {
  readonly strategyType?: unknown;
  readonly probabilisticSampling?: { readonly samplingRate?: unknown } | null;
  readonly rateLimitingSampling?: { readonly maxTracesPerSecond?: unknown } | null;
  readonly operationSampling?: {
    readonly defaultSamplingProbability?: unknown;
    readonly defaultLowerBoundTracesPerSecond?: unknown;
    readonly perOperationStrategies?: unknown;
  } | null;
}

function refuse(what: string, value: unknown): never {
  throw new TypeError(`a sampling strategy whose ${what} is ${String(value).slice(0, 80)}`);
}

/** Absent numbers are 0: the JSON of protobuf leaves them out. */
function number(what: string, value: unknown, max: number): number {
  const given = value ?? 0;
  if (typeof given !== 'number' || !(given >= 0 && given <= max)) refuse(what, value);
  return given;
}

function operationsIn(list: unknown): Map<string, number> {
  const entries: unknown = list ?? [];
  if (!Array.isArray(entries)) refuse('list of operations', list);
  const operations = new Map<string, number>();
  for (const entry of entries.slice(0, MAX_OPERATIONS) as (Reply & { operation?: unknown })[]) {
    const operation: unknown = entry?.operation;
    if (typeof operation !== 'string' || operation.length > MAX_NAME) refuse('operation', operation);
    operations.set(operation, number('samplingRate', entry.probabilisticSampling?.samplingRate, 1));
  }
  return operations;
}

/** Keeps each operation with the probability it is given, and so many a second at least. */
class Probabilities implements KeyStrategy {
  readonly budget: undefined;
  readonly #operations: ReadonlyMap<string, number>;
  readonly #otherwise: number;
  readonly #lowerBound: number;

  constructor(operations: ReadonlyMap<string, number>, otherwise: number, lowerBound: number) {
    this.#operations = operations;
    this.#otherwise = otherwise;
    this.#lowerBound = lowerBound;
  }

  #given(name: string): number {
    return this.#operations.get(name) ?? this.#otherwise;
  }

  probabilityOf(name: string, rate: number): number {
    const least = this.#lowerBound === 0 ? 0 : Math.min(1, this.#lowerBound / rate);
    return Math.max(this.#given(name), least);
  }

  /** Jaeger counts what `probabilistic` kept, and must not count what only the lower bound did. */
  attributesOf(name: string, traceId: string, threshold: number): Attributes | undefined {
    const given = this.#given(name);
    const own = thresholdOf(given);
    // Kept with less than that, in an emergency: the engine would take it for a lower rate.
    if (threshold > own) return undefined;
    const type = isKept(own, traceId, RANDOM_OFFSET) ? 'probabilistic' : 'lowerbound';
    return { 'sampler.type': type, 'sampler.param': given };
  }
}

/** Keeps so many a second, shared among keys by the plan. */
function rateLimit(tracesPerSecond: number): KeyStrategy {
  const attributes = { 'sampler.type': 'ratelimiting', 'sampler.param': tracesPerSecond };
  return { budget: tracesPerSecond, probabilityOf: () => undefined, attributesOf: () => attributes };
}

/**
 * Reads what Jaeger answers to `/sampling?service=`. Strategies per operation count before the one of the service.
 * https://github.com/jaegertracing/jaeger-idl/blob/main/proto/api_v2/sampling.proto
 * @throws SyntaxError or TypeError for anything else
 */
export function parseStrategy(text: string): KeyStrategy {
  const reply = JSON.parse(text) as Reply | null;
  if (typeof reply !== 'object' || reply === null) refuse('JSON', reply);
  const { strategyType = 0, probabilisticSampling, rateLimitingSampling, operationSampling } = reply;
  if (typeof operationSampling === 'object' && operationSampling !== null) {
    const { defaultSamplingProbability, defaultLowerBoundTracesPerSecond, perOperationStrategies } = operationSampling;
    return new Probabilities(
      operationsIn(perOperationStrategies),
      number('defaultSamplingProbability', defaultSamplingProbability, 1),
      number('defaultLowerBoundTracesPerSecond', defaultLowerBoundTracesPerSecond, MAX_RATE),
    );
  }
  const isRateLimit = strategyType === 'RATE_LIMITING' || strategyType === 1;
  if (isRateLimit && typeof rateLimitingSampling === 'object' && rateLimitingSampling !== null) {
    const most = number('maxTracesPerSecond', rateLimitingSampling.maxTracesPerSecond, MAX_RATE);
    return most === 0 ? new Probabilities(new Map(), 0, 0) : rateLimit(most);
  }
  const isProbabilistic = strategyType === 'PROBABILISTIC' || strategyType === 0;
  if (isProbabilistic && typeof probabilisticSampling === 'object' && probabilisticSampling !== null) {
    return new Probabilities(new Map(), number('samplingRate', probabilisticSampling.samplingRate, 1), 0);
  }
  return refuse('strategyType', strategyType);
}
