import type { ReceivedLog, TelemetryStore } from '../telemetry/store.ts';

/** What Sonde's anomaly detection told. Times are milliseconds since the epoch. */
export interface AnomalyFinding {
  readonly pid: number;
  readonly service: string;
  readonly series: string;
  /** 0.5 is just an anomaly, 1 the most there is. */
  readonly score: number;
  readonly value: number;
  readonly unit: string;
  readonly expectedLow: number;
  readonly expectedHigh: number;
  /** When it began, as far as can be told afterwards. */
  readonly onsetMs: number;
  /** When it was told. */
  readonly toldMs: number;
  /** When the record of it arrived here. */
  readonly receivedMs: number;
  readonly message: string;
  /** Other series that are anomalies at the same time. */
  readonly folded: readonly string[];
  /** Series that were unusual around the onset, the most unusual first. */
  readonly movedTogether: readonly string[];
}

export interface Anomalies {
  /** Those that started, in the order of their arrival. */
  all(): readonly AnomalyFinding[];
  /** Whether anything looks for anomalies in this run. */
  isWatching(): boolean;
}

const EVENT = 'sonde.anomaly';
const WATCHED_SERIES = 'sonde.anomaly.series';
const MOST = 1_000;

/** Collects the anomalies that are told; `onAnomaly` hears of each as it arrives. */
export function collectAnomalies(
  store: TelemetryStore,
  onAnomaly: (anomaly: AnomalyFinding) => void = () => undefined,
): Anomalies {
  const found: AnomalyFinding[] = [];
  store.onLog((log) => {
    const anomaly = fromLog(log);
    if (anomaly === undefined || found.length >= MOST) return;
    found.push(anomaly);
    onAnomaly(anomaly);
  });
  return { all: () => found, isWatching: () => found.length > 0 || store.metric(WATCHED_SERIES).length > 0 };
}

/** Undefined for anything but the start of an anomaly. */
function fromLog({ eventName, attributes, origin, timeMs, receivedMs, body }: ReceivedLog): AnomalyFinding | undefined {
  const of = (name: string): unknown => attributes.get(`${EVENT}.${name}`);
  if (eventName !== EVENT || of('state') !== 'started') return undefined;
  return {
    pid: origin.pid,
    service: origin.service,
    series: text(of('series')),
    score: number(of('score')),
    value: number(of('value')),
    unit: text(of('unit')),
    expectedLow: number(of('expected.low')),
    expectedHigh: number(of('expected.high')),
    onsetMs: number(of('onset')),
    toldMs: timeMs,
    receivedMs,
    message: text(of('message')) || body,
    folded: texts(of('folded')),
    movedTogether: texts(of('moved_together')),
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : Number.NaN;
}
