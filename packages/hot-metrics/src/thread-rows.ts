import type { ExtremeWindow } from './extreme-window.ts';
import { COUNTS, MAX, MIN, STAMP, START, SUM, TIME, TOTAL, UPDATES, VALUE, WINDOW } from './layout.ts';
import type { MergedInstrument, MergedSeries } from './merged-instrument.ts';

/** A row of one thread and the series it adds to. */
export interface SourceRow {
  readonly instrument: MergedInstrument;
  readonly series: MergedSeries;
  readonly cells: Float64Array;
  readonly base: number;
}

/** The rows of one thread, by how they are added up. */
export interface ThreadRows {
  readonly counters: SourceRow[];
  readonly gauges: SourceRow[];
  readonly histograms: SourceRow[];
}

/** Puts a row of nothing at `slot`. */
export function clearRow(target: Float64Array, slot: number, { definition }: MergedInstrument): void {
  if (definition.kind === 'gauge') {
    target[slot + VALUE] = Number.NaN;
    target[slot + TIME] = -1;
  } else if (definition.kind === 'histogram') {
    target[slot + MIN] = Number.POSITIVE_INFINITY;
    target[slot + MAX] = Number.NEGATIVE_INFINITY;
  } else target[slot + TOTAL] = -0;
}

/** Adds everything that a thread has recorded so far to the rows in `target`, which lie at the slots of their series. */
export function addThread(target: Float64Array, rows: ThreadRows): void {
  for (const { cells, base, series } of rows.counters) {
    noteStart(series, cells, base);
    (target[series.slot + TOTAL] as number) += cells[base + TOTAL] as number;
  }
  for (const row of rows.gauges) addGauge(target, row);
  for (const { cells, base, series, instrument } of rows.histograms) {
    noteStart(series, cells, base);
    const { slot } = series;
    (target[slot + SUM] as number) += cells[base + SUM] as number;
    for (let i = COUNTS; i < instrument.size; i++) (target[slot + i] as number) += cells[base + i] as number;
  }
}

/** The one set last wins; without times (one thread) there is only one. */
function addGauge(target: Float64Array, { cells, base, series }: SourceRow): void {
  noteStart(series, cells, base);
  const { slot } = series;
  const updates = cells[base + UPDATES] as number;
  if (updates === 0) return;
  (target[slot + UPDATES] as number) += updates;
  const time = cells[base + TIME] as number;
  if (time < (target[slot + TIME] as number)) return;
  target[slot + TIME] = time;
  target[slot + VALUE] = cells[base + VALUE] as number;
}

function noteStart(series: MergedSeries, cells: Float64Array, base: number): void {
  if (series.startMs === 0) series.startMs = cells[base + START] as number;
}

/**
 * Folds the extremes of the open window into the totals in `target` and into each reader's own window. A histogram that
 * recorded nothing since the window was opened bears an older stamp and was folded before.
 */
export function foldExtremes(target: Float64Array, rows: ThreadRows, windows: Iterable<ExtremeWindow>): void {
  for (const { cells, base, series } of rows.histograms) {
    if (cells[base + STAMP] !== cells[WINDOW]) continue;
    const min = cells[base + MIN] as number;
    const max = cells[base + MAX] as number;
    const { slot, ordinal } = series;
    if (min < (target[slot + MIN] as number)) target[slot + MIN] = min;
    if (max > (target[slot + MAX] as number)) target[slot + MAX] = max;
    for (const window of windows) window.fold(ordinal, min, max);
  }
}
