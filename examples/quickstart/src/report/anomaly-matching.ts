import type { Fault, LastingFault } from '../load/protocol.ts';
import type { AnomalyFinding } from './anomalies.ts';

/** What became of a fault that lasted in what anomaly detection told. */
export interface LastingOutcome {
  readonly fault: LastingFault;
  readonly found: AnomalyFinding | undefined;
  /** The series that speaks of the fault: of the anomaly itself, or of those folded into it. */
  readonly series: string;
  /** From the logged start of the fault to the telling of the anomaly. */
  readonly afterMs: number;
}

export interface AnomalyMatching {
  readonly outcomes: readonly LastingOutcome[];
  /** Anomalies at times at which nothing had been done to the service. */
  readonly strays: readonly AnomalyFinding[];
}

/** Which series speak of a fault. */
const SPEAKS_OF: Readonly<Record<LastingFault['kind'], RegExp>> = {
  'error-storm': /error|status_code=5/,
  'heap-leak': /heap|memory|\bgc\b/,
  'slow-filesystem': /sonde\.vfs\.|scheduler\.pool|request\.duration|slow_share|latency/,
};
// Rows of buckets make an onset inexact by some seconds; a heap that leaks may have been growing by itself before.
const ONSET_SLACK_MS = 5_000;
const LEAK_SLACK_MS = 15_000;
// A backlog drains, a heap is collected, a rate falls back: what follows a fault is its doing as well.
const AFTERMATH_MS = 15_000;

/**
 * Holds the faults that lasted against the anomalies that were told. An anomaly answers for a fault when it began while
 * the fault lasted, was told after its start, and it or a series folded into it speaks of such a fault; the first one
 * counts.
 */
export function matchAnomalies(faults: readonly Fault[], anomalies: readonly AnomalyFinding[]): AnomalyMatching {
  const lasting = faults.filter(
    (fault): fault is LastingFault => fault.kind !== 'slow-file' && fault.kind !== 'blocked-loop',
  );
  const inOrder = anomalies.toSorted((a, b) => a.toldMs - b.toldMs);
  return {
    outcomes: lasting.map((fault) => outcomeOf(fault, inOrder)),
    strays: inOrder.filter((anomaly) => !faults.some((fault) => isDuring(fault, anomaly))),
  };
}

function outcomeOf(fault: LastingFault, anomalies: readonly AnomalyFinding[]): LastingOutcome {
  for (const found of anomalies) {
    if (!isDuring(fault, found)) continue;
    const series = [found.series, ...found.folded].find((one) => SPEAKS_OF[fault.kind].test(one));
    if (series !== undefined) return { fault, found, series, afterMs: found.toldMs - fault.startMs };
  }
  return { fault, found: undefined, series: '', afterMs: Number.NaN };
}

function isDuring(fault: Fault, { onsetMs, toldMs }: AnomalyFinding): boolean {
  const endMs = (fault.endMs ?? fault.startMs + fault.durationMs) + AFTERMATH_MS;
  const slackMs = fault.kind === 'heap-leak' ? LEAK_SLACK_MS : ONSET_SLACK_MS;
  return toldMs >= fault.startMs && toldMs <= endMs && !(onsetMs < fault.startMs - slackMs);
}
