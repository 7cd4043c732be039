import type { EventStream } from '@sonde/event-stream';
import type { DecisionMeter } from '../types.ts';

/** What the governor turns; an `AdaptiveSampler`. */
export interface GovernedSampler {
  recordFraction: number;
  emergency: boolean;
  meter: DecisionMeter | undefined;
}

/** What the governor needs of an event stream. */
export type ThinnedStream = Pick<EventStream, 'setThinning' | 'statistics'>;

/** Options of an {@link OverheadGovernor}. */
export interface OverheadGovernorConfig {
  /** The sampler whose cost is held; one governor for each. */
  sampler: GovernedSampler;
  /** Part of the event-loop thread's time that telemetry may take, 0 to 1. Default 0.01. Less records less; 0 nothing but what the sampler keeps. */
  target?: number;
  /** Whether a process without time or memory left keeps one trace in a hundred only. Default true. */
  emergency?: boolean;
  /** How full the queue to the exporter is, 0 to 1; asked once a second. Default: not looked at. */
  queue?: (() => number) | undefined;
  /** The event stream that is thinned; false leaves events alone. Default: the stream of this thread. */
  eventStream?: ThinnedStream | false;
}

/** Where time and chance come from. */
export interface OverheadGovernorEnvironment {
  /** Milliseconds. Default `performance.now()`. */
  now?: () => number;
  /** 0 to 1; which calls are timed. Default `Math.random()`. */
  random?: () => number;
  /** Calls back every `ms` until the function that it returns is called. Default: an unref'd interval. */
  every?: (callback: () => void, ms: number) => () => void;
  /** Default: of the running process. */
  loopTime?: (since?: { idle: number; active: number; utilization: number }) => {
    idle: number;
    active: number;
    utilization: number;
  };
  /** Used part of the heap limit. Default: of the running process. */
  heap?: () => number;
}

/** What holds where nothing is given. */
export const GOVERNOR_DEFAULTS = { target: 0.01, emergency: true } as const;

function refuse(option: string, rule: string, value: unknown): never {
  throw new TypeError(`OverheadGovernor: ${option} must be ${rule}, got ${String(value)}`);
}

export function isTarget(target: unknown): target is number {
  return typeof target === 'number' && target >= 0 && target <= 1;
}

/** Every option filled. */
export interface ResolvedGovernorConfig {
  readonly sampler: GovernedSampler;
  readonly target: number;
  readonly emergency: boolean;
  readonly queue: (() => number) | undefined;
  readonly stream: ThinnedStream | undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function resolveStream(given: unknown, ownStream: () => ThinnedStream): ThinnedStream | undefined {
  if (given === undefined) return ownStream();
  if (given === false) return undefined;
  if (!isObject(given) || !('setThinning' in given)) refuse('eventStream', 'an event stream or false', given);
  return given as ThinnedStream;
}

/**
 * Validates and fills the options.
 * @param ownStream the stream where none is given
 * @throws TypeError for a wrong type, RangeError for a target out of range
 */
export function resolveGovernorConfig(
  config: OverheadGovernorConfig,
  ownStream: () => ThinnedStream,
): ResolvedGovernorConfig {
  if (!isObject(config)) refuse('options', 'an object', config);
  const { sampler, queue, target = GOVERNOR_DEFAULTS.target, emergency = GOVERNOR_DEFAULTS.emergency } = config;
  if (!isObject(sampler) || !('recordFraction' in sampler)) refuse('sampler', 'an AdaptiveSampler', sampler);
  if (typeof target !== 'number' || Number.isNaN(target)) refuse('target', 'a number from 0 to 1', target);
  if (!isTarget(target)) throw new RangeError(`OverheadGovernor: target must be a number from 0 to 1, got ${target}`);
  if (typeof emergency !== 'boolean') refuse('emergency', 'true or false', emergency);
  if (queue !== undefined && typeof queue !== 'function') refuse('queue', 'a function', queue);
  const stream = resolveStream(config.eventStream, ownStream);
  return { sampler, target, emergency, queue, stream };
}
