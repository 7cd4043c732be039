/** Figures as people read them: three significant digits, a unit, no false precision. */

export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return '-';
  if (ms < 0.001) return `${Math.round(ms * 1e6)} ns`;
  if (ms < 1) return `${three(ms * 1_000)} µs`;
  if (ms < 1_000) return `${three(ms)} ms`;
  if (ms < 120_000) return `${three(ms / 1_000)} s`;
  return `${three(ms / 60_000)} min`;
}

export function bytes(count: number): string {
  if (!Number.isFinite(count)) return '-';
  for (const [unit, size] of [
    ['GiB', 2 ** 30],
    ['MiB', 2 ** 20],
    ['KiB', 2 ** 10],
  ] as const)
    if (count >= size) return `${three(count / size)} ${unit}`;
  return `${Math.round(count)} B`;
}

/** `1 stall`, `2 stalls`. */
export function plural(value: number, thing: string, things = `${thing}s`): string {
  return `${count(value)} ${value === 1 ? thing : things}`;
}

/** A value in a unit of UCUM. */
export function amount(value: number, unit: string): string {
  if (!Number.isFinite(value)) return '-';
  const sign = value < 0 ? '-' : '';
  const size = Math.abs(value);
  if (unit === 's') return sign + duration(size * 1_000);
  if (unit === 'By') return sign + bytes(size);
  const figure = size >= 1_000 ? count(size) : size > 0 && size < 0.01 ? size.toPrecision(2) : three(size);
  // {request} and the like annotate a bare number.
  const word = unit === '1' ? '' : unit.replace(/\{[^}]*\}/g, '');
  return `${sign}${figure}${word === '' || word.startsWith('/') ? word : ` ${word}`}`;
}

/** With thousands set apart by commas. */
export function count(value: number): string {
  return Number.isFinite(value) ? Math.round(value).toLocaleString('en-US') : '-';
}

export function percent(ratio: number): string {
  if (!Number.isFinite(ratio)) return '-';
  return ratio > 0 && ratio < 0.001 ? '<0.1 %' : `${three(ratio * 100)} %`;
}

/** Seconds since the start, `12.3 s`; what was before is the start-up of the program. */
export function clock(ms: number): string {
  if (Number.isNaN(ms)) return '-';
  if (ms < 0) return 'start';
  return `${(ms / 1_000).toFixed(1)} s`;
}

function three(value: number): string {
  if (value >= 100 || value === 0) return String(Math.round(value));
  return value.toFixed(value >= 10 ? 1 : 2).replace(/\.?0+$/, '');
}
