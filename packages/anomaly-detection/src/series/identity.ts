import { printable } from '@sonde/instrumentation-kit';
import type { Identity } from '../incidents/watch.ts';
import type { AnomalySource } from '../types.ts';

const MOST_LABELS = 16;
const LONGEST_VALUE = 80;
const LONGEST_TEXT = 280;

/** A text of bounded length without control characters or halves of surrogate pairs. */
export function bounded(text: string, longest: number): string {
  const cut = text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
  return printable(cut);
}

/**
 * Attributes as bounded labels, in the order of their names. A null-prototype object, so that keys such as `__proto__`
 * are ordinary ones.
 */
export function labelsOf(attributes: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const labels: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const key of Object.keys(attributes).sort().slice(0, MOST_LABELS)) {
    labels[bounded(key, LONGEST_VALUE)] = bounded(textOf(attributes[key]), LONGEST_VALUE);
  }
  return labels;
}

/** Names a series: its source, name and labels, and all of it as text. */
export function identityOf(
  source: AnomalySource,
  name: string,
  attributes: Readonly<Record<string, unknown>>,
): Identity {
  const labels = labelsOf(attributes);
  const pairs = Object.keys(labels).map((key) => `${key}=${labels[key]}`);
  const shown = bounded(name, LONGEST_TEXT / 2);
  const text = pairs.length === 0 ? shown : `${shown}{${pairs.join(',')}}`;
  return { source, name: shown, labels, text: bounded(text, LONGEST_TEXT) };
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? value.slice(0, MOST_LABELS).map(textOf).join(' ') : '';
}
