import { checkInstrumentationOptions, PATH_POLICIES, show } from '@sonde/instrumentation-kit';
import { OPERATION_NAMES } from './operations.ts';
import type { ResolvedConfig, VfsConfig } from './types.ts';

/** Every option with its value; undefined where there is nothing unless given. */
export type VfsDefaults = { readonly [Key in keyof Required<Omit<VfsConfig, 'enabled'>>]: VfsConfig[Key] };

/** What holds when an option is left out. */
export const DEFAULTS: VfsDefaults = {
  slowThresholdMs: 100,
  slowQuantile: undefined,
  syncSampling: 8,
  slowSpans: true,
  paths: 'redacted',
  ignoreOperations: [],
  ignorePath: undefined,
};

function refuse(option: string, rule: string, value: unknown, type: 'type' | 'range'): never {
  const message = `VfsInstrumentation: ${option} must be ${rule}, got ${show(value)}`;
  throw type === 'type' ? new TypeError(message) : new RangeError(message);
}

function number(option: string, value: unknown, rule: string, isValid: (value: number) => boolean): number {
  if (typeof value !== 'number') return refuse(option, rule, value, 'type');
  return isValid(value) ? value : refuse(option, rule, value, 'range');
}

function operations(value: unknown): ReadonlySet<string> {
  if (!Array.isArray(value)) return refuse('ignoreOperations', 'an array of operation names', value, 'type');
  for (const name of value) {
    if (!OPERATION_NAMES.has(name)) {
      refuse('ignoreOperations', `an array out of ${[...OPERATION_NAMES].join(', ')}`, name, 'range');
    }
  }
  return new Set(value);
}

/**
 * Checks the options and fills in the defaults.
 * @throws TypeError, RangeError naming the option, the rule and the value
 */
export function resolveConfig(config: VfsConfig): ResolvedConfig {
  checkInstrumentationOptions('VfsInstrumentation', config, Object.keys(DEFAULTS));
  const given = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
  const options: VfsDefaults = { ...DEFAULTS, ...given };
  const { slowThresholdMs, slowQuantile, syncSampling, slowSpans, paths, ignoreOperations, ignorePath } = options;
  if (typeof slowSpans !== 'boolean') return refuse('slowSpans', 'true or false', slowSpans, 'type');
  if (paths === undefined || !PATH_POLICIES.includes(paths))
    return refuse('paths', `one of ${PATH_POLICIES.join(', ')}`, paths, 'range');
  if (ignorePath !== undefined && typeof ignorePath !== 'function') {
    refuse('ignorePath', 'a function', ignorePath, 'type');
  }
  return {
    slowThresholdMs: number('slowThresholdMs', slowThresholdMs, 'a number of milliseconds >= 0', (ms) => ms >= 0),
    slowQuantile:
      slowQuantile === undefined
        ? undefined
        : number('slowQuantile', slowQuantile, 'between 0 and 1 (exclusive)', (q) => q > 0 && q < 1),
    syncSampling: number(
      'syncSampling',
      syncSampling,
      'a whole number from 1 to 1000',
      (calls) => Number.isInteger(calls) && calls >= 1 && calls <= 1000,
    ),
    slowSpans,
    paths,
    ignoreOperations: operations(ignoreOperations),
    ignorePath,
  };
}
