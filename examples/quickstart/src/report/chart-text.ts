import { clock } from './format.ts';
import type { Chart, Curve, Mark } from './model.ts';
import { displayWidth, pad } from './width.ts';

const LEVELS = [...'▁▂▃▄▅▆▇█'];
const TICKS = 4;
const NOTICES = 'anomalies';
const NOTICE = '▲';
const GAP = '  ';

/** Curves as lines of blocks, the marks below them at their times, then the time. */
export function chartLines(chart: Chart, width: number): string[] {
  const titles = Math.max(...chart.curves.map(({ title }) => displayWidth(title)), NOTICES.length);
  const peaks = Math.max(...chart.curves.map(({ peak }) => displayWidth(peak)));
  const cells = Math.max(10, width - titles - peaks - 2 * GAP.length);
  const row = (title: string, body: string, peak = ''): string =>
    `${pad(title, titles, 'left')}${GAP}${pad(body, cells, 'left')}${GAP}${pad(peak, peaks, 'right')}`;
  const cellOf = (atMs: number): number =>
    Math.max(0, Math.min(cells - 1, Math.floor((atMs / chart.durationMs) * cells)));
  return [
    ...chart.curves.map((curve) => row(curve.title, blocks(curve, cells, cellOf), curve.peak)),
    ...markRows(chart.marks, cells, cellOf).map((marks, i) => row(i === 0 ? 'faults' : '', marks)),
    ...(chart.notices.length === 0 ? [] : [row(NOTICES, noticeRow(chart, cells, cellOf))]),
    row('', ticks(chart.durationMs, cells)),
  ];
}

function blocks({ points, scale }: Curve, cells: number, cellOf: (atMs: number) => number): string {
  const peaks = new Array<number>(cells).fill(Number.NaN);
  for (const { atMs, value } of points) {
    const cell = cellOf(atMs);
    if (!Number.isNaN(value) && !(value < (peaks[cell] ?? 0))) peaks[cell] = value;
  }
  const height = heights(
    points.map(({ value }) => value),
    scale,
  );
  return fillGaps(peaks, Math.ceil(cells / Math.max(1, points.length)))
    .map((value) => (Number.isNaN(value) ? ' ' : LEVELS[Math.round(height(value) * (LEVELS.length - 1))]))
    .join('');
}

/** How high a value stands, 0 to 1: from zero, or by the logarithm from the smallest. */
export function heights(values: readonly number[], scale: Curve['scale']): (value: number) => number {
  const real = values.filter((value) => !Number.isNaN(value));
  const most = Math.max(0, ...real);
  if (scale === 'linear') return (value) => (most > 0 ? value / most : 0);
  const least = Math.min(...real.filter((value) => value > 0));
  const span = Math.log(most / least);
  return (value) => (span > 0 && value > 0 ? Math.max(0, Math.log(value / least) / span) : 0);
}

/** Where there are more cells than points, a point stands until the next one, for `longest` cells at most. */
function fillGaps(values: readonly number[], longest: number): number[] {
  let lastAt = Number.NEGATIVE_INFINITY;
  return values.map((value, i) => {
    if (!Number.isNaN(value)) lastAt = i;
    return i - lastAt <= longest ? (values[lastAt] ?? Number.NaN) : Number.NaN;
  });
}

/** As many rows as it takes for no mark to hide another. */
function markRows(marks: readonly Mark[], cells: number, cellOf: (atMs: number) => number): string[] {
  const rows: string[][] = [];
  for (const { letter, fromMs, toMs } of marks) {
    const [from, to] = [cellOf(fromMs), cellOf(toMs)];
    const isFree = (row: readonly string[]): boolean => row.slice(from, to + 1).every((cell) => cell === ' ');
    let row = rows.find(isFree);
    if (row === undefined) {
      row = new Array<string>(cells).fill(' ');
      rows.push(row);
    }
    row.fill(letter, from, to + 1);
  }
  return rows.map((row) => row.join(''));
}

function noticeRow({ notices }: Chart, cells: number, cellOf: (atMs: number) => number): string {
  const row = new Array<string>(cells).fill(' ');
  for (const { atMs } of notices) row[cellOf(atMs)] = NOTICE;
  return row.join('');
}

function ticks(durationMs: number, cells: number): string {
  let line = '';
  for (let i = 0; i <= TICKS; i++) {
    const text = clock((durationMs * i) / TICKS);
    const at = Math.min(Math.round((cells * i) / TICKS), cells - text.length);
    if (at > line.length || i === 0) line = line.padEnd(at) + text;
  }
  return line;
}
