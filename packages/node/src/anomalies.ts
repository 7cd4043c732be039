import type { IMetricReader } from '@opentelemetry/sdk-metrics';
import type { AnomalyDetection } from '@sonde/anomaly-detection';
import { loadPackage } from './load-module.ts';
import type { ResolvedOptions } from './types.ts';

type Package = typeof import('@sonde/anomaly-detection');

/** What looks for anomalies in this process, where the options ask for it. Nothing of it runs yet. */
export function createAnomalies(options: ResolvedOptions): AnomalyDetection | undefined {
  if (!options.anomalyDetection) return undefined;
  const { createAnomalyDetection } = loadPackage<Package>('@sonde/anomaly-detection');
  return createAnomalyDetection({
    intervalMs: options.anomalyIntervalMs,
    threshold: options.anomalyThreshold,
    ...(options.anomalyState === undefined ? {} : { statePath: options.anomalyState }),
  });
}

/** The reader that watches metrics, for a provider that has others: by itself it is no reason to have one. */
export function withWatcher(
  readers: readonly IMetricReader[],
  anomalies: Pick<AnomalyDetection, 'metricReader'> | undefined,
): IMetricReader[] {
  return readers.length === 0 || anomalies === undefined ? [...readers] : [...readers, anomalies.metricReader];
}
