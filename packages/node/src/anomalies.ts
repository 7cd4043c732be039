import type { IMetricReader } from '@opentelemetry/sdk-metrics';
import type { AnomalyDetection } from '@sonde/anomaly-detection';
import { loadPackage } from './load-module.ts';
import type { ProcessRole } from './process-role.ts';
import type { ResolvedOptions } from './types.ts';

type Package = typeof import('@sonde/anomaly-detection');

export interface AnomaliesConfig {
  readonly options: ResolvedOptions;
  readonly role: ProcessRole;
  /** Tells people what is wrong and what to do about it, once each sentence. */
  readonly warn: (sentence: string) => void;
}

/**
 * What looks for anomalies in this process, where the options ask for it. Nothing of it runs yet. Children have no state:
 * they inherit the variable, and one file holds what one process has learned.
 */
export function createAnomalies({ options, role, warn }: AnomaliesConfig): AnomalyDetection | undefined {
  if (!options.anomalyDetection) return undefined;
  const { createAnomalyDetection } = loadPackage<Package>('@sonde/anomaly-detection');
  const config = { intervalMs: options.anomalyIntervalMs, threshold: options.anomalyThreshold };
  const hasState = options.anomalyState !== undefined && role === 'main';
  return createAnomalyDetection(hasState ? { ...config, statePath: options.anomalyState } : config, {
    warn,
    stateOption: 'anomalyState (SONDE_ANOMALY_STATE)',
  });
}

/** The reader that watches metrics, for a provider that has others: by itself it is no reason to have one. */
export function withWatcher(
  readers: readonly IMetricReader[],
  anomalies: Pick<AnomalyDetection, 'metricReader'> | undefined,
): IMetricReader[] {
  return readers.length === 0 || anomalies === undefined ? [...readers] : [...readers, anomalies.metricReader];
}
