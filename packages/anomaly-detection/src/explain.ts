import { patternTest } from './incidents/pauses.ts';
import { quantity, verb } from './incidents/sentence.ts';
import type { Subject } from './incidents/subject.ts';

const MOST_LINES = 100;
const MOST_NAMES = 10;

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

/** With what there is, for who misspelt it. */
function none(pattern: string, subjects: readonly Subject[]): string {
  const names = [...new Set(subjects.map(({ identity }) => identity.name))];
  const rest = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '';
  const there = names.length === 0 ? 'none is yet' : `there are ${names.slice(0, MOST_NAMES).join(', ')}${rest}`;
  return `No series that is watched fits ${JSON.stringify(pattern.slice(0, 200))}; ${there}.`;
}

/** What is expected of the series that fit, why they are an anomaly if they are; what goes on first. */
export function explain(subjects: Iterable<Subject>, pattern: string): string {
  const fits = patternTest(pattern);
  const all = [...subjects];
  const chosen = all.filter(({ text, identity }) => fits(text) || fits(identity.text));
  if (chosen.length === 0) return none(pattern, all);
  chosen.sort((a, b) => Number(b.open !== undefined) - Number(a.open !== undefined) || b.watch.score - a.watch.score);
  const lines = chosen.slice(0, MOST_LINES).map(line);
  if (chosen.length > MOST_LINES) lines.push(`and ${chosen.length - MOST_LINES} more`);
  return lines.join('\n');
}
