import { StreamingDetector } from '../../../statistics/src/index.ts';
import type { LabelledSeries } from './corpus.ts';

/** What is scored: a score of 0 to 1 for each point, in order, with no look ahead. */
export interface SeriesDetector {
  update(timeMs: number, value: number): number;
}

export type Create = () => SeriesDetector;

export const ours = {
  'StreamingDetector full': () => new StreamingDetector('full'),
  'StreamingDetector lite': () => new StreamingDetector('lite'),
} satisfies Record<string, Create>;

/** The one that is used unless something else is asked for, and the one whose figures are claimed. */
export const defaultDetector: Create = () => new StreamingDetector();

export function scoresOf(corpus: readonly LabelledSeries[], create: Create): Float64Array[] {
  return corpus.map(({ times, values }) => {
    const detector = create();
    return values.map((value, i) => detector.update(times[i]!, value));
  });
}
