import type { Fault } from '../load/protocol.ts';
import type { Anomalies, AnomalyFinding } from './anomalies.ts';
import { type LastingOutcome, matchAnomalies } from './anomaly-matching.ts';
import { nameFault } from './describe-fault.ts';
import { amount, clock, plural } from './format.ts';
import { type Block, type Cell, flexible, left, lines, right, type Section, table, toned } from './model.ts';
import { printable, shorten } from './width.ts';

const MOST_ROWS = 16;
const MOST_MOVED = 3;
const SERIES_CELLS = 72;

export interface AnomalyFacts {
  readonly anomalies: Anomalies;
  readonly faults: readonly Fault[];
  readonly startMs: number;
}

/** What anomaly detection told, and which of the faults that lasted it found; undefined where nobody looked. */
export function anomaliesSection({ anomalies, faults, startMs }: AnomalyFacts): Section | undefined {
  if (!anomalies.isWatching()) return undefined;
  const all = anomalies.all();
  const { outcomes, strays } = matchAnomalies(faults, all);
  const told =
    all.length === 0 ? [lines(toned('None was told.', 'dim'))] : [toldTable(all, startMs), ...movedLines(all, startMs)];
  return {
    title: 'Anomalies',
    blocks: [
      ...told,
      ...outcomeBlocks(outcomes, startMs),
      lines(
        toned(
          `${plural(strays.length, 'anomaly', 'anomalies')} told while nothing had been done to the service.`,
          strays.length === 0 ? 'good' : 'warn',
        ),
      ),
    ],
  };
}

function toldTable(all: readonly AnomalyFinding[], startMs: number): Block {
  const columns = [
    right('onset'),
    right('told'),
    left('process'),
    flexible('series'),
    ...['value', 'expected', 'score'].map(right),
  ];
  const rows = all
    .slice(0, MOST_ROWS)
    .map((one): Cell[] => [
      clock(one.onsetMs - startMs),
      clock(one.toldMs - startMs),
      one.service || '-',
      toned(one.series, 'strong'),
      amount(one.value, one.unit),
      `${amount(one.expectedLow, one.unit)} to ${amount(one.expectedHigh, one.unit)}`,
      one.score.toFixed(2),
    ]);
  return table(columns, rows);
}

function movedLines(all: readonly AnomalyFinding[], startMs: number): Block[] {
  const rows = all.slice(0, MOST_ROWS).flatMap((one): Cell[] => {
    const moved = [...new Set([...one.folded, ...one.movedTogether])].slice(0, MOST_MOVED);
    return moved.length === 0
      ? []
      : [`moved together at ${clock(one.onsetMs - startMs)}: ${moved.map(short).join('; ')}`];
  });
  const more = all.length - MOST_ROWS;
  return [lines(...rows, ...(more > 0 ? [toned(`and ${more} more anomalies`, 'dim')] : []))];
}

/** Short enough for a line, whatever a label holds. */
function short(series: string): string {
  return shorten(printable(series), SERIES_CELLS);
}

function outcomeBlocks(outcomes: readonly LastingOutcome[], startMs: number): Block[] {
  if (outcomes.length === 0) return [];
  const found = outcomes.filter((outcome) => outcome.found !== undefined).length;
  const rows = outcomes.map(({ fault, found: anomaly, series, afterMs }): Cell[] => [
    clock(fault.startMs - startMs),
    nameFault(fault),
    anomaly === undefined ? toned('missed', 'bad') : toned('yes', 'good'),
    clock(afterMs),
    series || '-',
  ]);
  return [
    lines(''),
    table([right('at'), flexible('fault'), left('found'), right('after'), flexible('told by')], rows),
    lines(
      toned(`${found} of ${outcomes.length} found.`, found === outcomes.length ? 'good' : 'bad'),
      toned('"after" is from the logged start of the fault to the telling of the anomaly.', 'dim'),
    ),
  ];
}
