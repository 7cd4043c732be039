import type { PointFault } from '../load/protocol.ts';
import { FOLD_MS, type SlowOperation, type Stall } from './findings.ts';

/** What became of one injected fault in what Sonde reported. */
export interface Outcome {
  readonly fault: PointFault;
  readonly found: SlowOperation | Stall | undefined;
  /** From the start of the fault until the report of it arrived here. */
  readonly afterMs: number;
  /** Which of the facts that the load side knows were named right: route, and function or path. */
  readonly hasRoute: boolean;
  readonly hasCause: boolean;
}

export interface Matching {
  readonly outcomes: readonly Outcome[];
  /** Stalls that nobody injected. */
  readonly otherStalls: readonly Stall[];
}

const CLOCK_SLACK_MS = 100;
const LEAST_SHARE = 0.5;

/**
 * Holds the log of the load side against what Sonde reported. A report answers for a fault of its kind when it falls
 * between the request that carried the fault and its answer (on a busy machine the request may have to queue first) and
 * is at least half as long. One that names the very file of the fault may be shorter, because its reader can come late for
 * the wait that was prepared for it, and earlier, because a report that stands for several operations has the time of the
 * first. One report answers for one fault.
 */
export function match(
  faults: readonly PointFault[],
  slow: readonly SlowOperation[],
  stalls: readonly Stall[],
): Matching {
  const taken = new Set<SlowOperation | Stall>();
  const outcomes = faults.map((fault) => {
    const isSlowFile = fault.kind === 'slow-file';
    const candidates: readonly (SlowOperation | Stall)[] = (isSlowFile ? slow : stalls).filter(
      (finding) => !taken.has(finding) && fits(fault, finding) && (!isSlowFile || isSamePlace(fault, finding)),
    );
    const found = candidates.toSorted((a, b) => score(fault, b) - score(fault, a))[0];
    if (found !== undefined) taken.add(found);
    return {
      fault,
      found,
      afterMs: found === undefined ? Number.NaN : found.receivedMs - fault.startMs,
      hasRoute: found !== undefined && found.route === fault.route,
      hasCause: found !== undefined && namesCause(fault, found),
    };
  });
  return { outcomes, otherStalls: stalls.filter((stall) => !taken.has(stall)) };
}

function fits(fault: PointFault, finding: SlowOperation | Stall): boolean {
  const endMs = fault.endMs ?? fault.startMs + fault.durationMs;
  const insideMs =
    Math.min(endMs, finding.startMs + finding.durationMs) - Math.max(fault.startMs, finding.startMs) + CLOCK_SLACK_MS;
  const isItsFile =
    finding.kind === 'slow operation' &&
    finding.path !== '' &&
    fault.kind === 'slow-file' &&
    finding.path === fault.path;
  return insideMs >= (isItsFile ? -FOLD_MS : fault.durationMs * LEAST_SHARE);
}

/** Other files are slow at the same time when the loop is blocked or the pool is full: they prove nothing. */
function isSamePlace(fault: PointFault, finding: SlowOperation | Stall): boolean {
  return namesCause(fault, finding) || finding.route === fault.route;
}

function namesCause(fault: PointFault, finding: SlowOperation | Stall): boolean {
  if (fault.kind === 'slow-file') return finding.kind === 'slow operation' && finding.path === fault.path;
  return finding.kind === 'stall' && finding.functions.includes(fault.culprit);
}

function score(fault: PointFault, finding: SlowOperation | Stall): number {
  return (namesCause(fault, finding) ? 2 : 0) + (finding.route === fault.route ? 1 : 0);
}
