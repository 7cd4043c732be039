/**
 * Other detectors, written from their published formulas, for comparison only. None looks ahead. Scores are theirs,
 * 0 to 1; what counts is their order, since each is granted the threshold that suits it best.
 */
import { random } from '../../../statistics/test/seed.ts';
import type { Create, SeriesDetector } from './detectors.ts';

const ramp = (distance: number, middle: number): number => distance / (distance + middle);

/** The last values, oldest first out. */
class Window {
  readonly values: Float64Array;
  count = 0;
  #next = 0;
  constructor(size: number) {
    this.values = new Float64Array(size);
  }
  /** Returns the value that fell out, NaN while filling. */
  push(value: number): number {
    const out = this.count === this.values.length ? this.values[this.#next]! : Number.NaN;
    this.values[this.#next] = value;
    this.#next = (this.#next + 1) % this.values.length;
    if (Number.isNaN(out)) this.count++;
    return out;
  }
  /** The value `ago` values before the last. */
  at(ago: number): number {
    return this.values[(this.#next - 1 - ago + 2 * this.values.length) % this.values.length]!;
  }
}

/** NAB's own `windowedGaussian`: distance from mean and deviation of the last 6,400 values. */
function windowedGaussian(): SeriesDetector {
  const window = new Window(6400);
  let [sum, squares] = [0, 0];
  return {
    update(_, value) {
      const mean = sum / Math.max(1, window.count);
      const deviation = Math.sqrt(Math.max(0, squares / Math.max(1, window.count) - mean ** 2));
      const z = deviation > 0 ? Math.abs(value - mean) / deviation : 0;
      const out = window.push(value);
      sum += value - (Number.isNaN(out) ? 0 : out);
      squares += value ** 2 - (Number.isNaN(out) ? 0 : out ** 2);
      return ramp(z, 3);
    },
  };
}

/** Distance from an exponentially weighted mean in exponentially weighted deviations (Roberts 1959; weight 0.05). */
function ewmaZScore(): SeriesDetector {
  let [mean, variance, count] = [0, 0, 0];
  return {
    update(_, value) {
      const rate = Math.max(0.05, 1 / ++count);
      const distance = value - mean;
      const z = variance > 0 ? Math.abs(distance) / Math.sqrt(variance) : 0;
      mean += rate * distance;
      variance = (1 - rate) * (variance + rate * distance ** 2);
      return count > 20 ? ramp(z, 3) : 0;
    },
  };
}

/** Iglewicz and Hoaglin's (1993) modified z-score over the last 288 values: 0.6745 |x - median| / MAD. */
function medianMad(): SeriesDetector {
  const window = new Window(288);
  return {
    update(_, value) {
      let score = 0;
      if (window.count > 20) {
        const sorted = window.values.slice(0, window.count).sort();
        const median = sorted[window.count >> 1]!;
        const deviations = sorted.map((one) => Math.abs(one - median)).sort();
        const mad = deviations[window.count >> 1]!;
        score = mad > 0 ? ramp((0.6745 * Math.abs(value - median)) / mad, 3.5) : 0;
      }
      window.push(value);
      return score;
    },
  };
}

/** Streaming half-space trees (Tan, Ting and Liu 2011): 25 trees of depth 8, windows of 250, over the last 3 values. */
function halfSpaceTrees(): SeriesDetector {
  const [TREES, DEPTH, SIZE, DIMENSIONS] = [25, 8, 250, 3];
  const next = random(1);
  const nodes = 2 ** (DEPTH + 1) - 1;
  const splits = Array.from({ length: TREES }, () => workSpace(nodes, DIMENSIONS, next));
  let reference = splits.map(() => new Uint32Array(nodes));
  let latest = splits.map(() => new Uint32Array(nodes));
  const window = new Window(DIMENSIONS);
  let [count, mean, variance] = [0, 0, 0];
  const point = new Float64Array(DIMENSIONS);
  return {
    update(_, value) {
      const rate = Math.max(0.001, 1 / ++count);
      const distance = value - mean;
      mean += rate * distance;
      variance = (1 - rate) * (variance + rate * distance ** 2);
      // The paper's unit cube: the logistic of a z-score, since a stream's range is not known in advance.
      window.push(1 / (1 + Math.exp(variance > 0 ? -distance / Math.sqrt(variance) : 0)));
      for (let d = 0; d < DIMENSIONS; d++) point[d] = window.at(d);
      let mass = 0;
      for (let tree = 0; tree < TREES; tree++) {
        const { dimension, at } = splits[tree]!;
        let node = 0;
        for (let depth = 0; ; depth++) {
          latest[tree]![node]!++;
          const here = reference[tree]![node]!;
          if (depth === DEPTH || here <= 0.1 * SIZE) {
            mass += here * 2 ** depth;
            for (; depth < DEPTH; depth++) {
              node = 2 * node + (point[dimension[node]!]! < at[node]! ? 1 : 2);
              latest[tree]![node]!++;
            }
            break;
          }
          node = 2 * node + (point[dimension[node]!]! < at[node]! ? 1 : 2);
        }
      }
      if (count % SIZE === 0) {
        [reference, latest] = [latest, reference];
        for (const tree of latest) tree.fill(0);
      }
      return count > SIZE ? 1 - Math.min(1, mass / (TREES * SIZE * 2 ** DEPTH)) : 0;
    },
  };
}

function workSpace(nodes: number, dimensions: number, next: () => number): { dimension: Uint8Array; at: Float64Array } {
  const dimension = new Uint8Array(nodes);
  const at = new Float64Array(nodes);
  const ranges: [number, number][] = Array.from({ length: dimensions }, () => {
    const middle = next();
    const half = 2 * Math.max(middle, 1 - middle);
    return [middle - half, middle + half];
  });
  const split = (node: number, box: [number, number][]): void => {
    if (node >= nodes) return;
    const d = Math.floor(next() * dimensions);
    const [low, high] = box[d]!;
    const middle = (low + high) / 2;
    dimension[node] = d;
    at[node] = middle;
    split(
      2 * node + 1,
      box.map((range, i) => (i === d ? [low, middle] : range)),
    );
    split(
      2 * node + 2,
      box.map((range, i) => (i === d ? [middle, high] : range)),
    );
  };
  split(0, ranges);
  return { dimension, at };
}

/**
 * Netdata's: k-means with two clusters over vectors of six smoothed differences, trained on the last 6 hours' worth of
 * points every so often; a point is anomalous when it is farther from the nearest centre than 99 % of the range of the
 * training distances, in every one of the last nine models. The score is the smallest of these distances.
 */
function netdataKMeans(): SeriesDetector {
  const [LAG, SMOOTH, TRAIN, EVERY, MODELS] = [5, 3, 720, 180, 9];
  const raw = new Window(SMOOTH + 1);
  const differences = new Window(LAG + 1);
  const history: Float64Array[] = [];
  const models: { centres: [Float64Array, Float64Array]; min: number; max: number }[] = [];
  let count = 0;
  let smoothed = Number.NaN;
  return {
    update(_, value) {
      count++;
      raw.push(value);
      let mean = 0;
      for (let i = 0; i < SMOOTH; i++) mean += raw.at(i) / SMOOTH;
      differences.push(Number.isNaN(smoothed) ? 0 : mean - smoothed);
      smoothed = mean;
      if (count < SMOOTH + LAG + 2) return 0;
      const vector = Float64Array.from({ length: LAG + 1 }, (_unused, i) => differences.at(i));
      let least = models.length === 0 ? 0 : Number.POSITIVE_INFINITY;
      for (const { centres, min, max } of models) {
        const nearest = Math.min(distance(vector, centres[0]), distance(vector, centres[1]));
        least = Math.min(least, max > min ? Math.max(0, nearest - min) / (max - min) : 0);
      }
      history.push(vector);
      if (history.length > TRAIN) history.shift();
      if (count % EVERY === 0) {
        models.push(twoMeans(history));
        if (models.length > MODELS) models.shift();
      }
      return ramp(least, 0.99);
    },
  };
}

function distance(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(sum);
}

function twoMeans(points: readonly Float64Array[]): {
  centres: [Float64Array, Float64Array];
  min: number;
  max: number;
} {
  const size = (point: Float64Array): number => distance(point, new Float64Array(point.length));
  const bySize = [...points].sort((a, b) => size(a) - size(b));
  let centres: [Float64Array, Float64Array] = [bySize[0]!.slice(), bySize.at(-1)!.slice()];
  for (let round = 0; round < 10; round++) {
    const sums = centres.map((centre) => new Float64Array(centre.length));
    const counts = [0, 0];
    for (const point of points) {
      const side = distance(point, centres[0]) <= distance(point, centres[1]) ? 0 : 1;
      counts[side]!++;
      for (let i = 0; i < point.length; i++) sums[side]![i]! += point[i]!;
    }
    centres = centres.map((centre, side) =>
      counts[side] === 0 ? centre : sums[side]!.map((sum) => sum / counts[side]!),
    ) as [Float64Array, Float64Array];
  }
  const distances = points.map((point) => Math.min(distance(point, centres[0]), distance(point, centres[1])));
  return { centres, min: Math.min(...distances), max: Math.max(...distances) };
}

/**
 * Grafana's adaptive bands for Prometheus: the mean of the last hour, plus and minus twice the standard deviation of that
 * mean over the last 26 hours, of which only hours with a coefficient of variation above 0.2 count fully, and at least a
 * small share of the mean. Here from points at 5 minutes, 12 an hour.
 */
function grafanaBands(): SeriesDetector {
  const [HOUR, SPAN] = [12, 312];
  const hour = new Window(HOUR);
  const means = new Window(SPAN);
  const margins = new Window(SPAN);
  let [sumHour, sum, squares, marginSum] = [0, 0, 0, 0];
  return {
    update(_, value) {
      const middle = sumHour / Math.max(1, hour.count);
      const spanMean = sum / Math.max(1, means.count);
      const deviation = Math.sqrt(Math.max(0, squares / Math.max(1, means.count) - spanMean ** 2));
      const margin = Math.max(marginSum / Math.max(1, margins.count), 0.05 * Math.abs(middle));
      const band = Math.max(2 * margin, 2 * deviation, 1e-12);
      const score = means.count > HOUR ? ramp(Math.abs(value - middle), band) : 0;
      const out = hour.push(value);
      sumHour += value - (Number.isNaN(out) ? 0 : out);
      const now = sumHour / hour.count;
      const gone = means.push(now);
      sum += now - (Number.isNaN(gone) ? 0 : gone);
      squares += now ** 2 - (Number.isNaN(gone) ? 0 : gone ** 2);
      const spread = Math.abs(value - now);
      const old = margins.push(spread);
      marginSum += spread - (Number.isNaN(old) ? 0 : old);
      return score;
    },
  };
}

export const peers: Readonly<Record<string, Create>> = {
  'windowed Gaussian': windowedGaussian,
  'EWMA z-score': ewmaZScore,
  'median/MAD': medianMad,
  'half-space trees': halfSpaceTrees,
  'Netdata k-means': netdataKMeans,
  'Grafana adaptive bands': grafanaBands,
};
