/** The scoring of the Numenta Anomaly Benchmark v1.1 (Lavin and Ahmad 2015), from its published rules. */
import type { LabelledSeries } from './corpus.ts';

/** Weights of a detection, of a missed window, of a false alarm. */
export const PROFILES = {
  standard: { hit: 1, miss: 1, falseAlarm: 0.11 },
  low_fp: { hit: 1, miss: 1, falseAlarm: 0.22 },
  low_fn: { hit: 1, miss: 2, falseAlarm: 0.11 },
} as const;

export type ProfileName = keyof typeof PROFILES;

export interface ProfileScore {
  /** 0 is a detector that says nothing, 100 a perfect one. */
  readonly score: number;
  readonly windowsHit: number;
  readonly falsePositives: number;
}

/** Rows at the beginning of each file that are not scored. */
const PROBATION_SHARE = 0.15;
const MOST_PROBATION = 750;

/** 1 at the beginning of a window, 0 at its end, down to -1 far behind it. */
function sigmoid(position: number): number {
  return position > 3 ? -1 : 2 / (1 + Math.exp(5 * position)) - 1;
}

const worths = new WeakMap<LabelledSeries, Float64Array>();

/** As `worth`, worked out once a series. */
function worthOf(series: LabelledSeries): Float64Array {
  const known = worths.get(series) ?? worth(series);
  worths.set(series, known);
  return known;
}

/** What each row is worth when it is detected: above 0 in windows, below outside. */
function worth({ values, windows }: LabelledSeries): Float64Array {
  const rows = new Float64Array(values.length).fill(-1);
  for (const [k, [first, last]] of windows.entries()) {
    const width = last - first + 1;
    for (let row = first; row <= last; row++) rows[row] = sigmoid(-(last - row + 1) / width) / sigmoid(-1);
    const until = windows[k + 1]?.[0] ?? values.length;
    for (let row = last + 1; row < until; row++) rows[row] = sigmoid((row - last) / Math.max(1, width - 1));
  }
  return rows;
}

/** Scores of all rows of all series at one threshold. */
export function nabScore(
  corpus: readonly LabelledSeries[],
  scores: readonly Float64Array[],
  threshold: number,
): Record<ProfileName, ProfileScore> {
  const result = {} as Record<ProfileName, ProfileScore>;
  const total = corpus.reduce((sum, { windows }) => sum + windows.length, 0);
  for (const [name, { hit, miss, falseAlarm }] of Object.entries(PROFILES)) {
    let [raw, windowsHit, falsePositives] = [0, 0, 0];
    for (const [i, series] of corpus.entries()) {
      const rows = worthOf(series);
      const from = Math.min(Math.floor(PROBATION_SHARE * rows.length), MOST_PROBATION);
      const best = series.windows.map(() => -miss);
      for (let row = from; row < rows.length; row++) {
        if (!(scores[i]![row]! >= threshold)) continue;
        const window = series.windows.findIndex(([first, last]) => row >= first && row <= last);
        if (window >= 0) best[window] = Math.max(best[window]!, hit * rows[row]!);
        else {
          raw += falseAlarm * rows[row]!;
          falsePositives++;
        }
      }
      raw += best.reduce((sum, one) => sum + one, 0);
      windowsHit += best.filter((one) => one > -miss).length;
    }
    const score = total === 0 ? 0 : (100 * (raw + miss * total)) / ((hit + miss) * total);
    result[name as ProfileName] = { score, windowsHit, falsePositives };
  }
  return result;
}

/** The threshold of 200 that gives the best standard score, as NAB grants each of its detectors. */
export function bestThreshold(corpus: readonly LabelledSeries[], scores: readonly Float64Array[]): number {
  const all = scores.flatMap((one) => Array.from(one)).sort((a, b) => b - a);
  let best = { threshold: 1.1, score: 0 };
  for (let step = 0; step < 200; step++) {
    // The largest scores matter: ranks grow geometrically up to a tenth of all rows.
    const threshold = all[Math.floor((all.length / 10) ** (step / 199))]!;
    const { score } = nabScore(corpus, scores, threshold).standard;
    if (score > best.score) best = { threshold, score };
  }
  return best.threshold;
}
