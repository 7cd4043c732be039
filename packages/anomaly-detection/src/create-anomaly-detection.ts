import { checkNextSpanProcessor, type NextSpanProcessor } from '@sonde/instrumentation-kit';
import type { AnomalyMetricReader } from './anomaly-metric-reader.ts';
import type { Baseline, DriftReport } from './baseline/types.ts';
import { type AnomalyDetectionConfig, resolveConfig } from './config.ts';
import { type AnomalyEnvironment, Detection } from './detection.ts';
import { AnomalySpanProcessor } from './spans/anomaly-span-processor.ts';
import type { Anomaly, AnomalyListener, Undo } from './types.ts';

/** Everything that looks for anomalies in this process; see {@link createAnomalyDetection}. */
export interface AnomalyDetection {
  /** Give it to a MeterProvider beside its other readers. */
  readonly metricReader: AnomalyMetricReader;
  /** Give it to a TracerProvider; for a place in a chain see `spanProcessorBefore`. */
  readonly spanProcessor: AnomalySpanProcessor;
  /** The same as a stage before `next`, which gets every span from it alone. */
  spanProcessorBefore(next: NextSpanProcessor): AnomalySpanProcessor;
  /** Begins to look, and goes on after `stop`. Happens by itself when the reader is bound or the first span starts. */
  start(): void;
  /** Looks no more, until `start`. */
  stop(): void;
  /** Is told of each anomaly as it starts and as it ends; returns the undo. @throws TypeError when it is no function */
  onAnomaly(listener: AnomalyListener): Undo;
  /** Those that go on. */
  current(): readonly Anomaly[];
  /** Tells nothing of series that fit (`*` stands for anything) for so long; returns the undo. @throws for a bad one */
  pause(series: string, durationMs: number): Undo;
  /** In words: what is expected of the series that fit, and what goes on. */
  explain(series: string): string;
  /** Looks at once, whatever the interval; resolves when that is done. */
  look(): Promise<void>;
  /** What this process is like now, to compare later ones with. */
  baseline(release?: string): Baseline;
  saveBaseline(path: string, release?: string): Promise<void>;
  /** @throws TypeError, RangeError or an error of the file system for anything but a baseline */
  loadBaseline(path: string): Promise<Baseline>;
  /** What behaves otherwise than in a baseline, the worst first. @throws TypeError or RangeError for what is none */
  driftReport(baseline: Baseline): DriftReport;
  /** Writes what was learned, for `restore` or the option `statePath` of a later process. */
  saveState(path: string): Promise<void>;
  /**
   * Saves the state at once if there is a `statePath`, for an end of which no `exit` event tells, such as by a signal. At
   * any other end that happens by itself. Never throws.
   */
  saveNow(): void;
  /** Goes on from a saved state; false when there is none that can be used, which is said once. Call it before `start`. */
  restore(path: string): boolean;
  /** Saves the state if there is a `statePath`, and looks no more. Idempotent. */
  shutdown(): Promise<void>;
}

/**
 * Looks for anomalies in metrics, spans and events, without configuration. Nothing runs before one of its parts is put to
 * use; its timer keeps no process alive, and nothing it does reaches the application but the listeners it is given.
 *
 * @throws TypeError or RangeError for a bad option; never afterwards
 */
export function createAnomalyDetection(
  config: AnomalyDetectionConfig = {},
  environment: AnomalyEnvironment = {},
): AnomalyDetection {
  const detection = new Detection(resolveConfig(config), environment);
  const use = { operations: detection.operations, onFirst: () => detection.start() };
  return {
    metricReader: detection.reader,
    spanProcessor: new AnomalySpanProcessor(use),
    spanProcessorBefore: (next) => new AnomalySpanProcessor(use, checkNextSpanProcessor('spanProcessorBefore', next)),
    start: () => detection.start(),
    stop: () => detection.stop(),
    onAnomaly: (listener) => detection.announcer.onAnomaly(listener),
    current: () => detection.incidents.current(),
    pause: (series, durationMs) => detection.pause(series, durationMs),
    explain: (series) => detection.explain(series),
    look: () => detection.look(),
    baseline: (release) => detection.baseline(release),
    saveBaseline: (path, release) => detection.saveBaseline(path, release),
    loadBaseline: (path) => detection.loadBaseline(path),
    driftReport: (baseline) => detection.driftReport(baseline),
    saveState: (path) => detection.saveState(path),
    saveNow: () => detection.saveNow(),
    restore: (path) => detection.restore(path),
    shutdown: () => detection.shutdown(),
  };
}
