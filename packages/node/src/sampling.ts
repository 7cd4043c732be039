import { getStringFromEnv } from '@opentelemetry/core';
import type { Sampler, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { PresetName as SamplerPreset, SamplingRule } from '@sonde/sampling';
import type { Resolution } from './configuration/resolve-options.ts';
import { loadPackage } from './load-module.ts';

type Sampling = typeof import('@sonde/sampling');

/** The sampler of this process' tracer provider, and the processor that teaches it. */
export interface OwnSampling {
  readonly sampler: Sampler;
  readonly spanProcessor: SpanProcessor;
}

const SETTINGS = ['sampler', 'tracesPerSecond', 'samplingRate'] as const;

/** Whether the choice of a sampler is left to OTEL_TRACES_SAMPLER. */
function isLeftToOpenTelemetry({ options, sources }: Pick<Resolution, 'options' | 'sources'>): boolean {
  if (options.sampler === 'off') return true;
  const isAsked = SETTINGS.some((key) => options[key] !== undefined && sources[key] !== 'preset');
  return !isAsked && getStringFromEnv('OTEL_TRACES_SAMPLER') !== undefined;
}

/** The sampler that the settings ask for; undefined where they leave the choice to OTEL_TRACES_SAMPLER. */
export function createSampling(resolution: Pick<Resolution, 'options' | 'sources'>): OwnSampling | undefined {
  if (isLeftToOpenTelemetry(resolution)) return undefined;
  const { sampler: name, tracesPerSecond, samplingRate } = resolution.options;
  const { PRESETS, presetSampler } = loadPackage<Sampling>('@sonde/sampling');
  const preset = name as SamplerPreset;
  // A rule of the preset that keeps everything would leave nothing for a budget or a rate to decide.
  const never = (PRESETS[preset].rules ?? []).filter(({ keep }) => keep === 'never');
  const everything: SamplingRule[] =
    samplingRate === undefined ? [] : [{ name: 'everything', keep: { probability: samplingRate } }];
  const isGiven = tracesPerSecond !== undefined || samplingRate !== undefined;
  const sampler = presetSampler(preset, {
    ...(isGiven ? { rules: [...never, ...everything] } : {}),
    ...(tracesPerSecond === undefined ? {} : { tracesPerSecond }),
  });
  return {
    sampler: sampler as unknown as Sampler,
    spanProcessor: sampler.spanProcessor() as unknown as SpanProcessor,
  };
}
