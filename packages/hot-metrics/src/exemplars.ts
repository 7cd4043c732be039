import type { Collector } from './collector.ts';
import { readExemplars } from './exemplar-slots.ts';
import type { MergedInstrument, MergedSeries } from './merged-instrument.ts';
import type { PointGroup } from './point-groups.ts';
import type { SourceRow } from './thread-rows.ts';
import type { HotExemplar } from './types.ts';

/** Where a data point carries its exemplars: the SDK's data model (2.12 to 3.1) has no place for them. */
const EXEMPLARS = Symbol.for('sonde.exemplars');

/** The exemplars that a data point carries: those taken since the last collection of the same reader. */
export function exemplarsOf(dataPoint: object): readonly HotExemplar[] {
  return (dataPoint as { [EXEMPLARS]?: readonly HotExemplar[] })[EXEMPLARS] ?? [];
}

/** The rows of live threads by the series they feed. */
export type RowsBySeries = ReadonlyMap<MergedSeries, readonly SourceRow[]>;

/** Which rows feed the series of a histogram. */
export function rowsBySeries(collector: Collector, instrument: MergedInstrument): RowsBySeries {
  const rows = new Map<MergedSeries, SourceRow[]>();
  for (const row of collector.rowsOf(instrument)) {
    const known = rows.get(row.series);
    if (known === undefined) rows.set(row.series, [row]);
    else known.push(row);
  }
  return rows;
}

/** Reads exemplars for one reader, each of them once. */
export class ExemplarReader {
  readonly #seen = new WeakMap<SourceRow, Int32Array>();

  /** Adds the exemplars of a group to its point, if there are any. */
  attach(point: object, group: PointGroup, rows: RowsBySeries): void {
    const found = group.members.flatMap((series) => (rows.get(series) ?? []).flatMap((row) => this.#read(row)));
    if (found.length > 0) Object.defineProperty(point, EXEMPLARS, { value: found });
  }

  #read(row: SourceRow): HotExemplar[] {
    let seen = this.#seen.get(row);
    if (seen === undefined) {
      seen = new Int32Array(row.instrument.buckets);
      this.#seen.set(row, seen);
    }
    return readExemplars(row, seen);
  }
}
