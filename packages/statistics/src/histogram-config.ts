import type { BucketsPerOctave, LogLinearHistogramConfig } from './types.ts';

export type ResolvedHistogramConfig = Required<LogLinearHistogramConfig>;

export const DEFAULTS: ResolvedHistogramConfig = { bucketsPerOctave: 32, minExponent: -30, maxExponent: 40 };

const RESOLUTIONS: readonly BucketsPerOctave[] = [8, 16, 32, 64];

/** Fills and checks a configuration. @throws RangeError that names the option, the rule and the value */
export function resolveHistogramConfig(config: LogLinearHistogramConfig): ResolvedHistogramConfig {
  const resolved = {
    bucketsPerOctave: config.bucketsPerOctave ?? DEFAULTS.bucketsPerOctave,
    minExponent: config.minExponent ?? DEFAULTS.minExponent,
    maxExponent: config.maxExponent ?? DEFAULTS.maxExponent,
  };
  const { bucketsPerOctave, minExponent, maxExponent } = resolved;
  if (!RESOLUTIONS.includes(bucketsPerOctave)) {
    fail('bucketsPerOctave', 'be 8, 16, 32 or 64', bucketsPerOctave);
  }
  if (!Number.isInteger(minExponent) || minExponent < -1022 || minExponent > 1022) {
    fail('minExponent', 'be an integer from -1022 to 1022', minExponent);
  }
  if (!Number.isInteger(maxExponent) || maxExponent <= minExponent || maxExponent > 1023) {
    fail('maxExponent', `be an integer above minExponent (${minExponent}) and at most 1023`, maxExponent);
  }
  return resolved;
}

function fail(option: string, rule: string, value: unknown): never {
  throw new RangeError(`LogLinearHistogram: ${option} must ${rule}, got ${String(value)}`);
}
