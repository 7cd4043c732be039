/** Whether a value is above or below what was expected. */
export type Direction = 'up' | 'down';

/** Where a series comes from: the metric pipeline, ended spans, or the event stream. */
export type AnomalySource = 'metric' | 'span' | 'event';

/** `warning` becomes a WARN log record, `error` an ERROR one. */
export type AnomalySeverity = 'warning' | 'error';

/** A series that was unusual at the same time. Nothing says that it is the cause. */
export interface MovedSeries {
  readonly series: string;
  /** 0 to 1: the highest score around the onset. */
  readonly score: number;
  readonly direction: Direction;
}

/** What is out of the ordinary, since when, by how much, and what moved together with it. */
export interface Anomaly {
  /** Counts up from 1 in each process. */
  readonly id: number;
  /** `joined`: goes on, and other series have joined it (told to listeners only). */
  readonly state: 'started' | 'joined' | 'ended';
  readonly source: AnomalySource;
  /** The series as text, at most 300 characters: `http.server.request.duration{http.route=/users} error share`. */
  readonly series: string;
  /** Name of the metric, operation or event, without labels. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** What of it: `value`, `rate`, `mean`, `p50`, `p99`, `error_share`, `slow_share`, `growth`, `flagged_share`. */
  readonly signal: string;
  /** UCUM unit of value and range. */
  readonly unit: string;
  readonly severity: AnomalySeverity;
  /** 0 to 1, 0.5 is just an anomaly. */
  readonly score: number;
  readonly direction: Direction;
  readonly value: number;
  /** The value farthest from what was expected, so far. */
  readonly peak: number;
  readonly expected: number;
  readonly expectedLow: number;
  readonly expectedHigh: number;
  /** Epoch milliseconds. */
  readonly onsetMs: number;
  readonly detectedMs: number;
  /** Epoch milliseconds, once it has ended. */
  readonly endedMs?: number | undefined;
  /** How far the floor of memory rose above the expected value, once growth has ended. */
  readonly rise?: number | undefined;
  /** Other series that are anomalies at the same time, told by this one event. */
  readonly folded: readonly string[];
  /** At most ten, the most unusual first. */
  readonly movedTogether: readonly MovedSeries[];
  /** One sentence for people. */
  readonly message: string;
}

/** Is told when an anomaly starts, and once more when it ends. What it throws is counted and said once. */
export type AnomalyListener = (anomaly: Anomaly) => void;

/** Undoes what returned it. */
export type Undo = () => void;
