import { SpanKind } from '@opentelemetry/api';
import { checkOptionNames } from '@sonde/instrumentation-kit';
import { AdaptiveSampler } from './adaptive-sampler.ts';
import { type AdaptiveSamplerConfig, type AdaptiveSamplerEnvironment, DEFAULTS } from './config.ts';
import type { SamplingRule } from './rules.ts';

/** Requests to this process; that it asks another for its health is its own doing. */
const HEALTH_CHECKS: readonly SamplingRule[] = ['/health', '/healthz', '/livez', '/readyz', '/metrics'].map(
  (route) => ({ route, kind: SpanKind.SERVER, keep: 'never' }),
);
const EVERYTHING: readonly SamplingRule[] = [{ name: 'everything', keep: 'always' }];

export type PresetName = 'production' | 'development' | 'cost-saver' | 'debug' | 'minimal';

/** What each preset stands for. Every trace that `always` keeps is kept with threshold 0: its count is 1. */
export const PRESETS: Readonly<Record<PresetName, AdaptiveSamplerConfig>> = {
  /** 10 traces a second, fair to rare routes; health checks and scrapes never. */
  production: { tracesPerSecond: 10, rules: HEALTH_CHECKS },
  /** Every trace, health checks and scrapes aside. */
  development: { rules: [...HEALTH_CHECKS, ...EVERYTHING] },
  /** One trace a second, each key alike as far as possible; health checks and scrapes never. */
  'cost-saver': { tracesPerSecond: 1, uniformity: 0.2, rules: HEALTH_CHECKS },
  /** Every trace. */
  debug: { rules: EVERYTHING },
  /** One trace a second over 64 keys at most, without metrics per key. */
  minimal: { tracesPerSecond: 1, maxKeys: 64, metricKeys: 0, rules: HEALTH_CHECKS },
};

/**
 * A sampler for a purpose. What is given in `config` replaces what the preset says.
 * @throws RangeError for an unknown name, and what {@link AdaptiveSampler} throws for bad options
 */
export function presetSampler(
  name: PresetName,
  config: AdaptiveSamplerConfig = {},
  environment: AdaptiveSamplerEnvironment = {},
): AdaptiveSampler {
  if (!Object.hasOwn(PRESETS, name)) {
    const names = Object.keys(PRESETS).join(', ');
    throw new RangeError(`presetSampler: name must be one of ${names}, got ${String(name)}`);
  }
  const { rules = [], tracesPerSecond, ...preset } = PRESETS[name];
  const hasBudget = config?.spansPerSecond !== undefined || config?.tracesPerSecond !== undefined;
  return new AdaptiveSampler(
    {
      ...preset,
      // A rule that keeps everything would leave a budget nothing to decide.
      rules: hasBudget ? rules.filter(({ keep }) => keep !== 'always') : rules,
      ...(hasBudget || tracesPerSecond === undefined ? {} : { tracesPerSecond }),
      ...checked(config),
    },
    environment,
  );
}

/** Anything but an object would be spread into nothing, unsaid. */
function checked(config: AdaptiveSamplerConfig): AdaptiveSamplerConfig {
  checkOptionNames('presetSampler', config, [...Object.keys(DEFAULTS), 'spansPerSecond', 'key']);
  return config;
}
