import type { Anomaly } from '../types.ts';

const SIGNIFICANT = 4;
const SHOWN = 3;
const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

function round(value: number): string {
  return String(Number(value.toPrecision(SIGNIFICANT)));
}

/** A value with its unit as people read it: `42 %`, `31.5 MiB`, `120 ms`. */
export function quantity(value: number, unit: string): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (unit === '1') return `${round(100 * value)} %`;
  if (unit === 'By') {
    const step = Math.min(BINARY.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, size)) / 10)));
    return `${round(value / 1024 ** step)} ${BINARY[step]}`;
  }
  if (unit === 's' && size < 1) return size < 1e-3 ? `${round(1e6 * value)} us` : `${round(1e3 * value)} ms`;
  return unit === '' ? round(value) : `${round(value)} ${unit.replaceAll(/[{}]/g, '')}`;
}

const SIGNALS: Readonly<Record<string, string>> = {
  value: 'is',
  rate: 'has a rate of',
  mean: 'has a mean of',
  p50: 'has a median of',
  p99: 'has a 99th percentile of',
  error_share: 'has a share of failed ones of',
  slow_share: 'has a share of slow ones of',
  flagged_share: 'has a share of unusually slow spans of',
  growth: 'has grown to',
};

/** What a signal is, as a verb. */
export function verb(signal: string): string {
  return SIGNALS[signal] ?? `has a ${signal} of`;
}

/** The anomaly as a sentence: what, how much, what was expected, since when, how long, and what else moved. */
export function sentence(anomaly: Omit<Anomaly, 'message'>): string {
  const { unit, expectedLow: low, expectedHigh: high } = anomaly;
  const series = anomaly.series.slice(0, anomaly.series.length - anomaly.signal.length - 1);
  const now = `${series} ${verb(anomaly.signal)} ${quantity(anomaly.value, unit)}`;
  const expected =
    anomaly.direction === 'up'
      ? `expected at most ${quantity(high, unit)}`
      : `expected at least ${quantity(low, unit)}`;
  const since = `since ${new Date(anomaly.onsetMs).toISOString()}`;
  const parts = [`${now}, ${expected}, ${since}`];
  if (anomaly.endedMs !== undefined) {
    const seconds = Math.max(0, (anomaly.endedMs - anomaly.onsetMs) / 1000);
    const risen = anomaly.rise === undefined ? '' : `, risen by ${quantity(anomaly.rise, unit)}`;
    parts.unshift(`Over after ${round(seconds)} s${risen} (peak ${quantity(anomaly.peak, unit)})`);
  }
  const list = (title: string, all: readonly string[]): void => {
    if (all.length === 0) return;
    const rest = all.length > SHOWN ? ` and ${all.length - SHOWN} more` : '';
    parts.push(`${title}: ${all.slice(0, SHOWN).join(', ')}${rest}`);
  };
  list('With it', anomaly.folded);
  list(
    'Moved together',
    anomaly.movedTogether.map((moved) => moved.series),
  );
  return parts.join('. ');
}
