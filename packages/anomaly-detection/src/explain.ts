import { patternTest } from './incidents/pauses.ts';
import { quantity, verb } from './incidents/sentence.ts';
import type { Subject } from './incidents/subject.ts';

const MOST_LINES = 100;

function line({ text, watch, open }: Subject): string {
  const series = text.slice(0, text.length - watch.signal.length - 1);
  const now = Number.isNaN(watch.value)
    ? 'tells nothing now'
    : `${verb(watch.signal)} ${quantity(watch.value, watch.unit)}`;
  const going =
    open === undefined
      ? `score ${watch.score.toFixed(2)}`
      : `an anomaly since ${new Date(open.onsetMs).toISOString()}: score ${open.score.toFixed(2)}, peak ${quantity(open.peak, watch.unit)}, expected ${quantity(open.range.low, watch.unit)} to ${quantity(open.range.high, watch.unit)}`;
  return `${series} (${watch.signal}) ${now}; ${going}. ${watch.describe()}.`;
}

/** What is expected of the series that fit, why they are an anomaly if they are; what goes on first. */
export function explain(subjects: Iterable<Subject>, pattern: string): string {
  const fits = patternTest(pattern);
  const chosen = [...subjects].filter(({ text, identity }) => fits(text) || fits(identity.text));
  if (chosen.length === 0) return `No series that is watched fits ${JSON.stringify(pattern.slice(0, 200))}.`;
  chosen.sort((a, b) => Number(b.open !== undefined) - Number(a.open !== undefined) || b.watch.score - a.watch.score);
  const lines = chosen.slice(0, MOST_LINES).map(line);
  if (chosen.length > MOST_LINES) lines.push(`and ${chosen.length - MOST_LINES} more`);
  return lines.join('\n');
}
