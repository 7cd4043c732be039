/** Reads a corpus in the layout of the Numenta Anomaly Benchmark: data/**\/*.csv and labels/combined_windows.json. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';

const ROOT = join(import.meta.dirname, '../../../..');
const LABELS = join('labels', 'combined_windows.json');

/** One labelled series. */
export interface LabelledSeries {
  /** Path below data/. */
  readonly name: string;
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** First and last row of each window in which an anomaly lies. */
  readonly windows: readonly (readonly [first: number, last: number])[];
}

/** `SONDE_NAB_DIR`, or a folder called nab beside the repository or one level off. */
export function findNab(): string | undefined {
  const given = process.env.SONDE_NAB_DIR;
  if (given !== undefined) return given;
  const [labels] = globSync([`../nab/${LABELS}`, `../*/nab/${LABELS}`], { cwd: ROOT });
  return labels === undefined ? undefined : join(ROOT, labels, '../..');
}

/** @throws Error that says what is missing */
export function readCorpus(directory: string): LabelledSeries[] {
  const labelsPath = join(directory, LABELS);
  if (!existsSync(labelsPath)) {
    throw new Error(`there is no corpus in ${directory}: ${LABELS} is missing`);
  }
  const labels = JSON.parse(readFileSync(labelsPath, 'utf8')) as Record<string, [string, string][]>;
  const names = globSync('**/*.csv', { cwd: join(directory, 'data') }).sort();
  if (names.length === 0) {
    throw new Error(`there is no corpus in ${directory}: data/ holds no .csv file`);
  }
  return names.map((name) => readSeries(directory, name, labels[name.split(sep).join('/')] ?? []));
}

function readSeries(directory: string, name: string, labels: readonly [string, string][]): LabelledSeries {
  const [, ...rows] = readFileSync(join(directory, 'data', name), 'utf8')
    .trim()
    .split(/\r?\n/);
  const times = Float64Array.from(rows, (row) => timeOf(row.slice(0, row.indexOf(','))));
  const values = Float64Array.from(rows, (row) => Number(row.split(',')[1]));
  const windows = labels.map(([from, to]) => {
    const first = times.findIndex((time) => time >= timeOf(from));
    const last = times.findLastIndex((time) => time <= timeOf(to));
    return [Math.max(0, first), last] as const;
  });
  return { name, times, values, windows: windows.filter(([first, last]) => last >= first) };
}

/** `2014-04-01 00:05:00.000000`, or with a T, taken for UTC; or a number of seconds. */
function timeOf(text: string): number {
  const seconds = Number(text);
  return Number.isNaN(seconds) ? Date.parse(`${text.trim().slice(0, 19).replace(' ', 'T')}Z`) : seconds * 1000;
}
