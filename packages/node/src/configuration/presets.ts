import type { InstrumentationName, PresetName, ResolvedOptions } from '../types.ts';

/** What a preset decides; everything else has one default. */
export type Preset = Readonly<
  Pick<
    ResolvedOptions,
    | 'instrumentations'
    | 'sampler'
    | 'tailSampling'
    | 'blame'
    | 'anomalyDetection'
    | 'blockedThresholdMs'
    | 'paths'
    | 'prometheus'
    | 'spanEvents'
  >
>;

const EVERYTHING: readonly InstrumentationName[] = ['http', 'undici', 'vfs', 'scheduler', 'ipc'];

/**
 * The presets: `development` tells as much as it can on one's own machine, `production` what a service can afford and
 * others may see, `minimal` requests only.
 */
export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  development: {
    instrumentations: EVERYTHING,
    sampler: 'development',
    tailSampling: true,
    blame: true,
    anomalyDetection: true,
    blockedThresholdMs: 100,
    paths: 'full',
    prometheus: true,
    spanEvents: true,
  },
  production: {
    instrumentations: EVERYTHING,
    sampler: 'production',
    tailSampling: true,
    blame: true,
    anomalyDetection: true,
    blockedThresholdMs: 250,
    paths: 'redacted',
    prometheus: true,
    spanEvents: false,
  },
  minimal: {
    instrumentations: ['http', 'undici'],
    sampler: 'minimal',
    tailSampling: false,
    blame: false,
    anomalyDetection: false,
    blockedThresholdMs: 1000,
    paths: 'none',
    prometheus: false,
    spanEvents: false,
  },
};

/** Defaults that no preset changes. */
export const DEFAULTS = {
  overheadTarget: 0.01,
  anomalyIntervalMs: 10_000,
  anomalyThreshold: 3,
  streamSize: 65_536,
  slowThresholdMs: 100,
} as const;
