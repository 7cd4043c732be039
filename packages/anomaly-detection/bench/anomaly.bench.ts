/**
 * How well series are judged that nobody here chose, how quiet it stays when nothing happens, and what it costs.
 * `--corpus DIR` scores any corpus in the layout of the Numenta Anomaly Benchmark instead.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  absoluteGate,
  type Benchmark,
  exactGate,
  type Gate,
  interleave,
  type Row,
  row,
} from '../../../benchmarks/rig.ts';
import { FAMILIES, QUIET_POINTS, simulateQuiet } from '../../statistics/test/families.ts';
import { findNab, type LabelledSeries, readCorpus } from './anomaly/corpus.ts';
import { bytesPerSeries, nanosPerPoint } from './anomaly/cost.ts';
import { type Create, defaultDetector, ours, scoresOf } from './anomaly/detectors.ts';
import { bestThreshold, nabScore } from './anomaly/nab-score.ts';
import { peers } from './anomaly/peers.ts';
import { savePlots } from './anomaly/plots.ts';
import { normals } from './anomaly/random.ts';

const THRESHOLD = 0.5;
const SERIES_OF_FAMILY = 20;
const COST_POINTS = 200_000;
/** Some peers take 70 us a point. */
const PEER_COST_POINTS = 10_000;
const VALUES = normals(65_536, 1);

interface Part {
  readonly rows: readonly Row[];
  readonly gates: readonly Gate[];
}

/** Makes `gc` available, so that memory is measured and not guessed. */
function exposeGc(): void {
  setFlagsFromString('--expose-gc');
  (globalThis as { gc?: () => void }).gc = runInNewContext('gc') as () => void;
}

function corpusRows(corpus: readonly LabelledSeries[], name: string, create: Create, threshold?: number): Row[] {
  const scores = scoresOf(corpus, create);
  const at = threshold ?? bestThreshold(corpus, scores);
  const { standard, low_fp, low_fn } = nabScore(corpus, scores, at);
  const label = threshold === undefined ? 'best threshold of its own' : `threshold ${threshold}`;
  return [
    row(`NAB, ${name} (${label}): standard, low FP, low FN`, [standard.score, low_fp.score, low_fn.score], '{point}'),
    row(`NAB, ${name}: windows hit`, [standard.windowsHit], '{window}'),
    row(`NAB, ${name}: false positives`, [standard.falsePositives], '{row}'),
  ];
}

function nabPart(log: (line: string) => void): Part {
  const directory = findNab();
  if (directory === undefined) {
    log('NAB is not here, so that nothing is scored on it: set SONDE_NAB_DIR to a folder with data/ and labels/');
    return { rows: [], gates: [] };
  }
  const corpus = readCorpus(directory);
  log(`NAB: ${corpus.length} files`);
  const { standard, low_fp } = nabScore(corpus, scoresOf(corpus, defaultDetector), THRESHOLD);
  if (process.argv.includes('--save')) for (const path of savePlots(corpus)) log(`wrote ${path}`);
  return {
    rows: [
      ...Object.entries(ours).flatMap(([name, create]) => corpusRows(corpus, name, create, THRESHOLD)),
      ...Object.entries(peers).flatMap(([name, create]) => corpusRows(corpus, name, create)),
    ],
    gates: [
      exactGate(`NAB, ${corpus.length} files at hand: standard at ${THRESHOLD}`, '>= 68', standard.score),
      exactGate(`NAB, ${corpus.length} files at hand: low FP at ${THRESHOLD}`, '>= 62', low_fp.score),
    ],
  };
}

/** The short form of the long test anomaly-quiet: fewer series, the same day. */
function quietPart(log: (line: string) => void): Part {
  const seed = Number(process.env.SONDE_BENCH_SEED ?? Date.now() % 2 ** 31);
  log(`quiet families, seed ${seed}`);
  const alerts = Object.keys(FAMILIES).map((family) => {
    const found = simulateQuiet(family, { series: SERIES_OF_FAMILY, points: QUIET_POINTS, seed });
    return { family, count: found.length };
  });
  const total = alerts.reduce((sum, { count }) => sum + count, 0);
  return {
    rows: alerts.map(({ family, count }) =>
      row(`quiet, ${family}: alerts of ${SERIES_OF_FAMILY} series in 24 h at 10 s`, [count], '{alert}'),
    ),
    gates: [
      exactGate(`quiet: alerts of ${5 * SERIES_OF_FAMILY} series of five families in 24 h at 10 s`, '<= 1', total),
    ],
  };
}

async function costPart(rounds: number, log: (line: string) => void): Promise<Part> {
  exposeGc();
  const variants = Object.fromEntries(
    Object.entries({ ...ours, ...peers }).map(([name, create]) => [
      name,
      () => nanosPerPoint(create, VALUES, name in peers ? PEER_COST_POINTS : COST_POINTS),
    ]),
  );
  const rows = await interleave({ variants, aa: 'StreamingDetector full', rounds, log, unit: 'ns/point' });
  const bytes = bytesPerSeries(defaultDetector, VALUES);
  const full = rows.find(({ name }) => name === 'StreamingDetector full')!;
  return {
    rows: [...rows, row('StreamingDetector full: memory', [bytes], 'By/series')],
    gates: [
      absoluteGate({ gate: 'default detector: ns a point', reach: '<= 1000', measured: full.median, rows }),
      exactGate('default detector: bytes a series', '<= 10240', bytes),
    ],
  };
}

/** Process CPU time of a point over the corpus once the code is warm: the least of three passes. */
function corpusNanosPerPoint(corpus: readonly LabelledSeries[]): number {
  const points = corpus.reduce((sum, { values }) => sum + values.length, 0);
  const passes = Array.from({ length: 3 }, () => {
    const before = process.cpuUsage();
    scoresOf(corpus, defaultDetector);
    const { user, system } = process.cpuUsage(before);
    return ((user + system) * 1000) / points;
  });
  return Math.min(...passes);
}

export const benchmark: Benchmark = {
  name: 'anomaly',
  description: 'detectors on the Numenta Anomaly Benchmark and on quiet series, against six peers, and their cost',
  async run({ rounds, log }) {
    const parts = [nabPart(log), quietPart(log), await costPart(rounds, log)];
    return { rows: parts.flatMap(({ rows }) => rows), gates: parts.flatMap(({ gates }) => gates) };
  },
  async score({ corpus: directory, threshold }) {
    const corpus = readCorpus(directory);
    const scores = scoresOf(corpus, defaultDetector);
    const nsPerPoint = corpusNanosPerPoint(corpus);
    exposeGc();
    return {
      ...nabScore(corpus, scores, threshold),
      nsPerPoint,
      bytesPerSeries: bytesPerSeries(defaultDetector, VALUES),
    };
  },
};
