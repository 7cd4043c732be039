import type { Phase } from '../service/effort.ts';

/** How a file is made slow: nobody opens the other end of the FIFO for a while, or whoever did keeps silent. */
export type Slowness = 'late writer' | 'late data';

/** What all faults have. Times are milliseconds since the epoch. */
interface FaultFacts {
  readonly id: number;
  readonly startMs: number;
  /** How long the fault was meant to last. */
  readonly durationMs: number;
  /** When it was over: the request that carried it answered, or everything as before. */
  readonly endMs?: number;
}

/** One request has to wait for its file. */
export interface SlowFileFault extends FaultFacts {
  readonly kind: 'slow-file';
  readonly route: string;
  readonly slowness: Slowness;
  readonly path: string;
}

/** One request computes for so long that everything else waits. */
export interface BlockedLoopFault extends FaultFacts {
  readonly kind: 'blocked-loop';
  readonly route: string;
  readonly phase: Phase;
  /** The function of the service that does the blocking. */
  readonly culprit: string;
}

/** Files of a route are damaged or gone, and repaired at the end. */
export interface ErrorStorm extends FaultFacts {
  readonly kind: 'error-storm';
  readonly route: string;
  /** Of the requests to the route: those that ask for such a file. */
  readonly share: number;
}

/** Sessions are kept that nobody ever drops. */
export interface HeapLeak extends FaultFacts {
  readonly kind: 'heap-leak';
  readonly route: string;
  readonly bytesPerSecond: number;
  /** Whether it goes on to the end of the run. */
  readonly isForTheRest: boolean;
}

/** Many files have to be waited for. */
export interface SlowFilesystem extends FaultFacts {
  readonly kind: 'slow-filesystem';
  readonly filesPerSecond: number;
  readonly shortestMs: number;
  readonly longestMs: number;
}

/** Faults of one request. */
export type PointFault = SlowFileFault | BlockedLoopFault;
/** Faults that last for some time and concern many requests. */
export type LastingFault = ErrorStorm | HeapLeak | SlowFilesystem;
/** One fault as it was done. */
export type Fault = PointFault | LastingFault;
export type FaultKind = Fault['kind'];

export const POINT_FAULTS = ['slow-file', 'blocked-loop'] as const satisfies FaultKind[];
export const LASTING_FAULTS = ['error-storm', 'heap-leak', 'slow-filesystem'] as const satisfies FaultKind[];
export const FAULT_KINDS: readonly FaultKind[] = [...POINT_FAULTS, ...LASTING_FAULTS];

export function isPointFault(fault: Fault): fault is PointFault {
  return (POINT_FAULTS as readonly FaultKind[]).includes(fault.kind);
}

export interface FaultEnd {
  readonly id: number;
  readonly endMs: number;
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
