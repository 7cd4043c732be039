import type { Phase } from '../service/effort.ts';

/** How a file is made slow: nobody opens the other end of the FIFO for a while, or whoever did keeps silent. */
export type Slowness = 'late writer' | 'late data';

/** One fault as it was done. Times are milliseconds since the epoch. */
export interface Fault {
  readonly id: number;
  readonly kind: 'slow-file' | 'blocked-loop';
  readonly route: string;
  readonly startMs: number;
  /** How long the fault was meant to last. */
  readonly durationMs: number;
  readonly slowness?: Slowness;
  readonly path?: string;
  readonly phase?: Phase;
  readonly culprit?: string;
  /** When the request that carried it was answered. */
  readonly endMs?: number;
}

export interface FaultEnd {
  readonly id: number;
  readonly endMs: number;
  /** HTTP status of the request that carried the fault, 0 when it got no answer. */
  readonly status: number;
}

export interface RouteLoad {
  readonly method: string;
  readonly route: string;
  readonly sent: number;
  /** Answers of 500 and above, and requests that got no answer. */
  readonly failed: number;
}

export interface Progress {
  readonly elapsedMs: number;
  readonly done: number;
  readonly failed: number;
  readonly inFlight: number;
  /** Over the last second. */
  readonly ratePerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface LoadSummary {
  readonly elapsedMs: number;
  /** Requests that were due while too many were under way, and were not sent. */
  readonly shed: number;
  readonly routes: readonly RouteLoad[];
}

/** What the load side prints, one JSON object a line. */
export type LoadMessage =
  | ({ readonly type: 'progress' } & Progress)
  | ({ readonly type: 'fault' } & Fault)
  | ({ readonly type: 'fault-end' } & FaultEnd)
  | ({ readonly type: 'summary' } & LoadSummary);
