/** Contact sheets: every series with its labelled windows and what was detected, a few files for all of them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StreamingDetector } from '../../../statistics/src/index.ts';
import { chanceOf, FAMILIES, QUIET_POINTS } from '../../../statistics/test/families.ts';
import type { LabelledSeries } from './corpus.ts';

const RESULTS = join(import.meta.dirname, '../../../../benchmarks/results');
const WIDTH = 560;
const HEIGHT = 150;
const PLOT = { left: 8, right: 552, top: 26, bottom: 142 };
const COLUMNS = 2;
const HEADER = 76;
/** Each column of pixels shows the smallest and the largest value of its stretch: no spike is lost, no file is large. */
const STRETCHES = PLOT.right - PLOT.left;
const CATEGORIES_A_SHEET = 12;

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const short = (value: number): string => String(Math.round(value * 10) / 10);

interface Panel extends LabelledSeries {
  readonly detected: readonly number[];
}

/** Writes the sheets and returns their paths. */
export function savePlots(corpus: readonly LabelledSeries[]): string[] {
  mkdirSync(RESULTS, { recursive: true });
  const written: string[] = [];
  for (let sheet = 0; sheet * CATEGORIES_A_SHEET < corpus.length; sheet++) {
    const part = corpus.slice(sheet * CATEGORIES_A_SHEET, (sheet + 1) * CATEGORIES_A_SHEET);
    written.push(save(`anomaly-nab-${sheet + 1}`, `Numenta Anomaly Benchmark, sheet ${sheet + 1}`, part.map(detect)));
  }
  written.push(
    save('anomaly-families', 'Quiet families, and the same with something happening', families().map(detect)),
  );
  return written;
}

function detect(series: LabelledSeries): Panel {
  const detector = new StreamingDetector();
  const detected: number[] = [];
  for (const [i, value] of series.values.entries()) {
    detector.update(series.times[i]!, value);
    if (detector.isAnomalous) detected.push(i);
  }
  return { ...series, detected };
}

/** Each family for a day at 10 s, undisturbed and with a shift of an hour at 18:00. */
function families(): LabelledSeries[] {
  const start = Date.UTC(2026, 0, 5);
  const from = (QUIET_POINTS * 3) / 4;
  return Object.keys(FAMILIES).flatMap((family) =>
    [false, true].map((isDisturbed) => {
      const valueAt = FAMILIES[family]!(chanceOf(42));
      const times = Float64Array.from({ length: QUIET_POINTS }, (_, i) => start + 10_000 * i);
      const values = times.map(valueAt);
      const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - values[0]!) ** 2, 0) / values.length);
      if (isDisturbed) for (let i = from; i < from + 360; i++) values[i]! += 4 * spread + 1;
      const windows = isDisturbed ? [[from, from + 359] as const] : [];
      return { name: isDisturbed ? `${family}, shifted for an hour` : family, times, values, windows };
    }),
  );
}

function save(name: string, title: string, panels: readonly Panel[]): string {
  const path = join(RESULTS, `${name}.svg`);
  writeFileSync(path, sheet(title, panels));
  return path;
}

function sheet(title: string, panels: readonly Panel[]): string {
  const rows = Math.ceil(panels.length / COLUMNS);
  const [width, height] = [COLUMNS * (WIDTH + 16), HEADER + rows * (HEIGHT + 14)];
  const drawn = panels.map(
    (panel, i) =>
      `<g transform="translate(${8 + (i % COLUMNS) * (WIDTH + 16)} ${HEADER + Math.floor(i / COLUMNS) * (HEIGHT + 14)})">${draw(panel)}</g>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="Helvetica, Arial, sans-serif" font-size="12" fill="#222">
<rect width="100%" height="100%" fill="#fff"/>
<text x="16" y="28" font-size="18" font-weight="bold">${escaped(title)}</text>
<text x="16" y="50" fill="#555">Blue: the series. Grey: where an anomaly is labelled. Lines: detections of the default detector at its fixed threshold, green inside a</text>
<text x="16" y="66" fill="#555">labelled window, red outside. Left of the dashed line nothing is scored.</text>
${drawn.join('\n')}
</svg>
`;
}

function draw({ name, times, values, windows, detected }: Panel): string {
  const [start, end] = [times[0]!, times.at(-1)!];
  const { low, high } = rangeOf(values);
  const px = (row: number): number => PLOT.left + ((times[row]! - start) / (end - start || 1)) * STRETCHES;
  const py = (value: number): number =>
    PLOT.bottom - Math.min(1, Math.max(0, (value - low) / (high - low || 1))) * (PLOT.bottom - PLOT.top);
  const shaded = windows.map(
    ([first, last]) =>
      `<rect x="${short(px(first))}" y="${PLOT.top}" width="${short(Math.max(1, px(last) - px(first)))}" height="${PLOT.bottom - PLOT.top}" fill="#ddd"/>`,
  );
  const lines = detected.map((row) => {
    const colour = windows.some(([first, last]) => row >= first && row <= last) ? '#00803f' : '#d02020';
    return `<path d="M${short(px(row))} ${PLOT.top - 4}V${PLOT.bottom}" stroke="${colour}" stroke-width="1.4"/>`;
  });
  const probation = px(Math.min(Math.floor(0.15 * values.length), 750));
  return [
    `<text x="${PLOT.left}" y="14" font-weight="bold">${escaped(name)}</text>`,
    `<text x="${PLOT.right}" y="14" text-anchor="end" fill="#555">${detected.length} detected</text>`,
    ...shaded,
    `<path d="${outline(values, px, py)}" fill="none" stroke="#0072b2" stroke-width="0.8"/>`,
    `<path d="M${short(probation)} ${PLOT.top}V${PLOT.bottom}" stroke="#888" stroke-dasharray="3 3"/>`,
    ...lines,
    `<rect x="${PLOT.left}" y="${PLOT.top}" width="${STRETCHES}" height="${PLOT.bottom - PLOT.top}" fill="none" stroke="#999"/>`,
  ].join('\n');
}

function rangeOf(values: Float64Array): { low: number; high: number } {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return { low, high };
}

/** Two points a column of pixels at most: its smallest and its largest value. */
function outline(values: Float64Array, px: (row: number) => number, py: (value: number) => number): string {
  const parts: string[] = [];
  let row = 0;
  while (row < values.length) {
    const column = Math.floor(px(row));
    let [low, high] = [values[row]!, values[row]!];
    const at = row;
    for (; row < values.length && Math.floor(px(row)) === column; row++) {
      low = Math.min(low, values[row]!);
      high = Math.max(high, values[row]!);
    }
    parts.push(`${parts.length === 0 ? 'M' : 'L'}${short(px(at))} ${short(py(high))}`);
    if (low < high) parts.push(`V${short(py(low))}`);
  }
  return parts.join('');
}
