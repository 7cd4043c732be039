import { getStringFromEnv } from '@opentelemetry/core';
import type { Sampler, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';
import type {
  AdaptiveSampler,
  NextSpanProcessor,
  OverheadGovernor,
  PresetName as SamplerPreset,
  SamplingRule,
} from '@sonde/sampling';
import { behindBlame } from './blame.ts';
import type { Resolution } from './configuration/resolve-options.ts';
import { fanOut } from './fan-out.ts';
import { shareOnHost } from './fleet.ts';
import { loadPackage } from './load-module.ts';
import type { ResolvedOptions } from './types.ts';

const nothing = (): void => {};

type Sampling = typeof import('@sonde/sampling');

/** The sampler of this process' tracer provider, and what belongs to it. */
export interface OwnSampling {
  /** Undefined where the choice is not ours. */
  readonly sampler: Sampler | undefined;
  /**
   * All span processors of the provider: first what teaches the sampler, then those that look on, then those that export,
   * behind the tail stage if there is one, which alone feeds them. `meter` goes around their exporters.
   */
  processors(
    onlookers: readonly SpanProcessor[],
    exporting: (meter: ExporterMeter) => SpanProcessor[],
  ): SpanProcessor[];
  /** Sets the overhead target; undefined where nothing is governed. */
  readonly setOverhead: ((ratio: number | undefined) => boolean) | undefined;
}

/** Stands in for an exporter whose cost is measured. */
export type ExporterMeter = (exporter: SpanExporter) => SpanExporter;

const SETTINGS = ['sampler', 'tracesPerSecond', 'samplingRate'] as const;

/** Whether the choice of a sampler is left to OTEL_TRACES_SAMPLER. */
function isLeftToOpenTelemetry({ options, sources }: Pick<Resolution, 'options' | 'sources'>): boolean {
  if (options.sampler === 'off') return true;
  const isAsked = SETTINGS.some((key) => options[key] !== undefined && sources[key] !== 'preset');
  return !isAsked && getStringFromEnv('OTEL_TRACES_SAMPLER') !== undefined;
}

/** Whether the sampler may drop a trace that somebody would have liked to see. */
function mayDrop({ sampler, tracesPerSecond, samplingRate }: ResolvedOptions): boolean {
  if (samplingRate !== undefined) return samplingRate < 1;
  return tracesPerSecond !== undefined || (sampler !== 'development' && sampler !== 'debug');
}

function createSampler({ PRESETS, presetSampler }: Sampling, options: ResolvedOptions): AdaptiveSampler {
  const { sampler: name, tracesPerSecond, samplingRate } = options;
  const preset = name as SamplerPreset;
  if (samplingRate === undefined)
    return presetSampler(preset, tracesPerSecond === undefined ? {} : { tracesPerSecond });
  const never = (PRESETS[preset].rules ?? []).filter(({ keep }) => keep === 'never');
  const everything: SamplingRule = { name: 'everything', keep: { probability: samplingRate } };
  return presetSampler(preset, { rules: [...never, everything] });
}

/** Behind all others; its shutdown ends what belongs to the sampler. */
function lastProcessor(governor: OverheadGovernor, stopSharing: () => void): SpanProcessor {
  const last = governor.spanProcessor() as unknown as SpanProcessor;
  const shutdown = (): Promise<void> => {
    stopSharing();
    return last.shutdown();
  };
  return { ...last, shutdown };
}

/** No sampler of ours: nothing to find out later, nothing to govern. */
export function withoutSampler(options: ResolvedOptions): OwnSampling {
  return {
    sampler: undefined,
    processors: (onlookers, exporting) => [
      ...onlookers,
      ...behindBlame(
        options,
        exporting((exporter) => exporter),
      ),
    ],
    setOverhead: undefined,
  };
}

/** A sampler that keeps everything: the same. */
function keepAll(sampler: AdaptiveSampler, options: ResolvedOptions): OwnSampling {
  const { processors, setOverhead } = withoutSampler(options);
  return {
    sampler: sampler as unknown as Sampler,
    processors: (onlookers, exporting) => processors([teacherOf(sampler), ...onlookers], exporting),
    setOverhead,
  };
}

function teacherOf(sampler: AdaptiveSampler): SpanProcessor {
  return sampler.spanProcessor() as unknown as SpanProcessor;
}

/** The sampler that the settings ask for; none where they leave the choice to OTEL_TRACES_SAMPLER. */
export function createSampling(resolution: Pick<Resolution, 'options' | 'sources'>): OwnSampling {
  const { options } = resolution;
  if (isLeftToOpenTelemetry(resolution)) return withoutSampler(options);
  const sampling = loadPackage<Sampling>('@sonde/sampling');
  const sampler = createSampler(sampling, options);
  if (!mayDrop(options)) return keepAll(sampler, options);
  const governor = new sampling.OverheadGovernor({ sampler, target: options.overheadTarget });
  return {
    sampler: sampler as unknown as Sampler,
    processors: (onlookers, createExporting) => {
      const exporting = createExporting((exporter) => governor.exporter(exporter));
      const last = lastProcessor(governor, exporting.length === 0 ? nothing : shareOnHost(sampling, sampler));
      const first = [teacherOf(sampler), ...onlookers];
      // Without anybody to export to, what is recorded for the tail stage would be recorded in vain.
      if (!options.tailSampling || exporting.length === 0) return [...first, ...behindBlame(options, exporting), last];
      const next = fanOut(exporting) as unknown as NextSpanProcessor;
      const tail = new sampling.TailSamplingSpanProcessor({ next, sampler }) as unknown as SpanProcessor;
      return [...first, ...behindBlame(options, [tail]), last];
    },
    setOverhead: (ratio) => governor.setOverhead(ratio),
  };
}
