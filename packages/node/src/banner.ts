import type { OwnProviders } from './own-providers.ts';
import type { ResolvedOptions } from './types.ts';

export interface BannerFacts {
  readonly options: ResolvedOptions;
  readonly own: Pick<OwnProviders, 'endpoint' | 'deliveries'>;
  readonly file: string | undefined;
}

function destinations({ endpoint, deliveries }: BannerFacts['own']): string {
  const scraped = endpoint === undefined ? [] : [`metrics at ${endpoint.url}`];
  const sent = deliveries.isEmpty ? 'nothing is sent (OTEL_EXPORTER_OTLP_ENDPOINT names where to)' : 'sending by OTLP';
  return [...scraped, sent].join(', ');
}

/** The start-up line: what is on, where to look, how to switch it off. */
export function startUpLine({ options, own, file }: BannerFacts): string {
  const what = options.instrumentations.length === 0 ? 'no instrumentation' : options.instrumentations.join(', ');
  const source = file === undefined ? '' : ` with ${file}`;
  return `${options.preset} preset${source}: ${what}; sampler ${options.sampler}; ${destinations(own)}; off with OTEL_SDK_DISABLED=true`;
}

/** What is said once when the application turns out to have an SDK of its own. */
export const FOREIGN_SDK_LINE =
  'the application runs its own OpenTelemetry SDK: Sonde feeds its providers and has stopped its own for those signals';
