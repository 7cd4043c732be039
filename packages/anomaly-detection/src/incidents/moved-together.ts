import type { MovedSeries } from '../types.ts';
import type { Subject } from './subject.ts';

/** How many are told. */
const MOST = 10;
/** Scores below are how series move all the time. */
const LEAST_SCORE = 0.4;

/**
 * Ranks series by how unusual they were between two looks: the score that each has anyway, the largest of the window,
 * and of a series with several signals the most unusual one. An order of what to look at, never a cause.
 */
export function movedTogether(subjects: Iterable<Subject>, own: Subject, from: number, to: number): MovedSeries[] {
  const best = new Map<string, { series: string; score: number; direction: 'up' | 'down' }>();
  for (const subject of subjects) {
    if (subject.identity.text === own.identity.text) continue;
    const peak = subject.scores.peak(from, to);
    const score = Math.abs(peak);
    if (score < LEAST_SCORE || score <= (best.get(subject.identity.text)?.score ?? 0)) continue;
    best.set(subject.identity.text, { series: subject.text, score, direction: peak > 0 ? 'up' : 'down' });
  }
  return [...best.values()]
    .sort((a, b) => b.score - a.score || (a.series < b.series ? -1 : 1))
    .slice(0, MOST)
    .map((moved) => ({ ...moved, score: Math.round(moved.score * 1000) / 1000 }));
}
