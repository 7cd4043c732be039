import { culpritOf, type Finding, type SlowOperation, type Stall } from './findings.ts';
import { clock, duration } from './format.ts';
import { type Cell, type Column, flexible, left, lines, right, type Section, table, toned } from './model.ts';

const MOST_SLOW = 10;
const MOST_STALLS = 12;
const TRACE_DIGITS = 16;

export interface FindingsContext {
  readonly startMs: number;
  readonly stalls: readonly Stall[];
}

/** Whose finding it is, where not all are of one process. */
function serviceColumn(found: readonly Finding[]): { columns: Column[]; cells: (finding: Finding) => Cell[] } {
  const isNeeded = new Set(found.map(({ service }) => service)).size > 1;
  return isNeeded
    ? { columns: [flexible('process')], cells: ({ service }) => [service || '-'] }
    : { columns: [], cells: () => [] };
}

/** The slowest filesystem operations; those that only waited for a blocked loop are counted, not listed. */
export function slowSection(found: readonly SlowOperation[], { startMs, stalls }: FindingsContext): Section {
  const title = 'Slowest filesystem operations';
  const isVictim = (operation: SlowOperation): boolean => stalls.some((stall) => explains(stall, operation));
  const slow = found.filter((operation) => !isVictim(operation)).sort((a, b) => b.durationMs - a.durationMs);
  const victims = found.length - slow.length;
  const remarks = [
    ...(slow.length === 0 ? [toned('None was slow by itself.', 'good')] : []),
    ...(slow.length > MOST_SLOW ? [toned(`and ${slow.length - MOST_SLOW} shorter ones`, 'dim')] : []),
    ...(victims > 0 ? [toned(`and ${victims} whose answer had to wait for a blocked event loop`, 'dim')] : []),
  ];
  const shown = slow.slice(0, MOST_SLOW);
  const service = serviceColumn(shown);
  const columns = [
    right('at'),
    right('took'),
    ...service.columns,
    left('operation'),
    flexible('mount'),
    flexible('path'),
    flexible('route'),
    left('trace'),
  ];
  const rows = shown.map((operation): Cell[] => [
    clock(operation.startMs - startMs),
    duration(operation.durationMs),
    ...service.cells(operation),
    operation.operation,
    operation.mount || '-',
    operation.path || '-',
    operation.route || '-',
    toned(operation.traceId.slice(0, TRACE_DIGITS) || '-', 'dim'),
  ]);
  return { title, blocks: [...(rows.length > 0 ? [table(columns, rows)] : []), lines(...remarks)] };
}

/** Whether most of the operation's time went by while the loop of its process was blocked. */
export function explains(stall: Stall, operation: SlowOperation): boolean {
  if (stall.pid !== operation.pid) return false;
  const overlapMs =
    Math.min(stall.startMs + stall.durationMs, operation.startMs + operation.durationMs) -
    Math.max(stall.startMs, operation.startMs);
  return overlapMs > operation.durationMs / 2;
}

/** Turns of the event loop that took too long, each with what was running. */
export function stallsSection({ startMs, stalls }: FindingsContext): Section {
  const title = 'Event-loop stalls';
  if (stalls.length === 0) return { title, blocks: [lines(toned('The event loop was never blocked.', 'good'))] };
  const shown = stalls.toSorted((a, b) => b.durationMs - a.durationMs).slice(0, MOST_STALLS);
  const service = serviceColumn(shown);
  const rows = shown.map((stall): Cell[] => [
    clock(stall.startMs - startMs),
    duration(stall.durationMs),
    ...service.cells(stall),
    toned(culpritOf(stall) ?? '(not seen)', 'strong'),
    stall.place || '-',
    stall.route || '-',
    toned(stall.traceId.slice(0, TRACE_DIGITS) || '-', 'dim'),
  ]);
  const columns = [
    right('at'),
    right('took'),
    ...service.columns,
    left('culprit'),
    flexible('where'),
    flexible('route'),
    left('trace'),
  ];
  const more = stalls.length - rows.length;
  return {
    title,
    blocks: [table(columns, rows), ...(more > 0 ? [lines(toned(`and ${more} shorter ones`, 'dim'))] : [])],
  };
}
