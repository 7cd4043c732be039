import { hotMetrics } from '@sonde/hot-metrics';
import { callBack, eventsFrom, hotMetricsFrom, type InstrumentsOf, show } from '@sonde/instrumentation-kit';
import { TELEMETRY } from '../semantic-names.ts';
import type { Anomaly, AnomalyListener, Undo } from '../types.ts';
import { levelOf, SEVERITY_NUMBERS, writeLog } from './anomaly-log.ts';

const { source: SOURCE, severity: SEVERITY, suppression: SUPPRESSION } = TELEMETRY.attributes;
/** What the metrics tell at each collection. */
export interface Account {
  readonly series: number;
  readonly evicted: number;
  readonly dropped: number;
  readonly score: number;
}

/** Tells anomalies: to listeners, as a log record, as an event of the stream, in metrics. */
export class Announcer {
  readonly #listeners = new Set<AnomalyListener>();
  readonly #instruments: InstrumentsOf<typeof TELEMETRY.metrics> = hotMetricsFrom(TELEMETRY);
  #endReport: Undo | undefined;

  /** @throws TypeError when it is no function */
  onAnomaly(listener: AnomalyListener): Undo {
    if (typeof listener !== 'function') {
      throw new TypeError(`onAnomaly: listener must be a function, got ${show(listener)}`);
    }
    // Each registration has its own undo, even of the same function.
    const own: AnomalyListener = (anomaly) => listener(anomaly);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  tell(anomaly: Anomaly, nowMs: number): void {
    if (anomaly.state === 'started') {
      this.#instruments.count.bind({ [SOURCE.name]: anomaly.source, [SEVERITY.name]: anomaly.severity }).add(1);
    }
    if (anomaly.state !== 'joined') {
      writeLog(anomaly, nowMs);
      this.#emit(anomaly);
    }
    for (const listener of [...this.#listeners]) {
      callBack('anomaly-detection.listener', () => listener(anomaly));
    }
  }

  /** Counts one that is not told. */
  suppressed(reason: 'paused' | 'rate_limit'): void {
    this.#instruments.suppressed.bind({ [SUPPRESSION.name]: reason }).add(1);
  }

  /** Reports an account at each collection of metrics, until `stop`. */
  report(account: () => Account): void {
    let told = { evicted: 0, dropped: 0 };
    this.#endReport ??= hotMetrics()
      .meter(TELEMETRY.scope, TELEMETRY.version)
      .observe(() => {
        const { series, evicted, dropped, score } = account();
        this.#instruments.series.bind().set(series);
        this.#instruments.score.bind().set(score);
        this.#instruments.evicted.bind().add(evicted - told.evicted);
        this.#instruments.dropped.bind().add(dropped - told.dropped);
        told = { evicted, dropped };
      });
  }

  stop(): void {
    this.#endReport?.();
    this.#endReport = undefined;
  }

  #emit(anomaly: Anomaly): void {
    const labels = { [TELEMETRY.attributes.series.name]: anomaly.series, [SOURCE.name]: anomaly.source };
    const handle = eventsFrom(TELEMETRY).anomaly.bind(labels, SEVERITY_NUMBERS[levelOf(anomaly)]);
    handle.emitText({ text: anomaly.message, value: anomaly.value, detail: anomaly.score });
  }
}
