import { show } from '@sonde/instrumentation-kit';
import { LogLinearHistogram, type LogLinearHistogramState } from '@sonde/statistics';
import { readPrivateFile, writePrivateFile } from '../state/private-file.ts';
import type { Baseline, BaselineEntry } from './types.ts';

const MOST_BYTES = 64 * 2 ** 20;
const MOST_ENTRIES = 10_000;
const LONGEST_NAME = 400;
const MOST_CALLS = 1e15;

/** @throws what the file system says */
export async function writeBaseline(path: string, baseline: Baseline): Promise<void> {
  await writePrivateFile(path, () => [JSON.stringify(baseline)]);
}

/** @throws TypeError or RangeError for anything but a baseline, and what the file system says */
export function readBaseline(path: string): Baseline {
  const text = readPrivateFile(path, MOST_BYTES);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new TypeError(`Baseline: ${path} must be JSON`, { cause: error });
  }
  return checkBaseline(parsed);
}

/** Checks what may come from a file that somebody else wrote. @throws TypeError or RangeError that names the field */
export function checkBaseline(candidate: unknown): Baseline {
  if (typeof candidate !== 'object' || candidate === null || Array.isArray(candidate)) {
    throw new TypeError(`Baseline: must be what baseline() or loadBaseline() returns, got ${show(candidate)}`);
  }
  const { version, createdMs, release, entries } = candidate as Readonly<Record<string, unknown>>;
  if (version !== 1) throw new RangeError(`Baseline: version must be 1, got ${show(version)}`);
  const createdAt = number('createdMs', createdMs, 8.64e15);
  if (typeof release !== 'string' || release.length > LONGEST_NAME) {
    throw new TypeError(`Baseline: release must be a text of at most ${LONGEST_NAME} characters`);
  }
  if (typeof entries !== 'object' || entries === null) throw new TypeError('Baseline: entries must be an object');
  const names = Object.keys(entries);
  if (names.length > MOST_ENTRIES) throw new RangeError(`Baseline: entries must be at most ${MOST_ENTRIES}`);
  const checked: Record<string, BaselineEntry> = Object.create(null) as Record<string, BaselineEntry>;
  for (const name of names) {
    checked[name.slice(0, LONGEST_NAME)] = entryOf(name, (entries as Readonly<Record<string, unknown>>)[name]);
  }
  return { version: 1, createdMs: createdAt, release, entries: checked };
}

function entryOf(name: string, value: unknown): BaselineEntry {
  const what = `entries[${JSON.stringify(name.slice(0, 80))}]`;
  if (typeof value !== 'object' || value === null) throw new TypeError(`Baseline: ${what} must be an object`);
  const { latency, calls, failed, perSecond } = value as Readonly<Record<string, unknown>>;
  const all = number(`${what}.calls`, calls, MOST_CALLS);
  return {
    // Reads it all, and writes what it has understood.
    latency: LogLinearHistogram.fromState(latency as LogLinearHistogramState).toState(),
    calls: all,
    failed: number(`${what}.failed`, failed, all),
    perSecond: number(`${what}.perSecond`, perSecond, MOST_CALLS),
  };
}

function number(field: string, value: unknown, most: number): number {
  if (typeof value === 'number' && value >= 0 && value <= most) return value;
  throw new RangeError(`Baseline: ${field} must be a number from 0 to ${most}, got ${String(value)}`);
}
