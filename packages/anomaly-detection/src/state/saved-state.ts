import { LatencyModel, type LatencyModelState } from '@sonde/statistics';
import type { Series } from '../series/series.ts';
import { Operation } from '../spans/operation.ts';
import { readPrivateFile, writePrivateFile } from './private-file.ts';

/** Beyond it, what is saved last is left out: what was seen longest ago. */
const MOST_BYTES = 32 * 2 ** 20;
const MOST_READ_BYTES = 2 * MOST_BYTES;
const MOST_LINES = 200_000;
const HEADER = 'sonde anomaly state';

/** What a former process had learned. */
export interface SavedState {
  readonly savedMs: number;
  readonly series: Map<string, Readonly<Record<string, unknown>>>;
  readonly operations: Operation[];
}

function* lines(series: readonly Series[], operations: readonly Operation[], nowMs: number): Generator<string> {
  yield `${JSON.stringify({ what: HEADER, version: 1, savedMs: nowMs })}\n`;
  let bytes = 0;
  for (const { name, kind, latency, allSpans, allErrors } of operations) {
    const line = `${JSON.stringify({ operation: name, kind, latency: latency.toState(), allSpans, allErrors })}\n`;
    bytes += line.length;
    if (bytes > MOST_BYTES) return;
    yield line;
  }
  for (const one of series) {
    const line = `${JSON.stringify({ series: one.identity.text, signals: one.toState() })}\n`;
    bytes += line.length;
    if (bytes > MOST_BYTES) return;
    yield line;
  }
}

export interface StateSources {
  readonly series: Iterable<Series>;
  readonly operations: Iterable<Operation>;
  readonly nowMs: number;
}

/** Saves what was learned, a line each, the series seen last first. @throws what the file system says */
export async function writeState(path: string, { series, operations, nowMs }: StateSources): Promise<void> {
  const bySeen = [...series].sort((a, b) => b.seenAt - a.seenAt);
  await writePrivateFile(path, lines(bySeen, [...operations], nowMs));
}

/**
 * Reads what was saved. A line that cannot be used is left out: the rest is worth as much without it.
 * @throws Error for a file that is no such state, or that should not be read
 */
export function readState(path: string): SavedState {
  const [first = '', ...rest] = readPrivateFile(path, MOST_READ_BYTES).split('\n', MOST_LINES);
  const header = parse(first);
  if (header.what !== HEADER || header.version !== 1 || typeof header.savedMs !== 'number') {
    throw new Error(`${path} is no saved state of version 1`);
  }
  const state: SavedState = { savedMs: header.savedMs, series: new Map(), operations: [] };
  for (const line of rest) {
    try {
      take(parse(line), state);
    } catch {
      // One line that somebody broke.
    }
  }
  return state;
}

function take(fields: Readonly<Record<string, unknown>>, { series, operations }: SavedState): void {
  const { series: text, signals, operation: name, kind, latency, allSpans, allErrors } = fields;
  if (typeof text === 'string' && typeof signals === 'object' && signals !== null) {
    series.set(text, signals as Readonly<Record<string, unknown>>);
  } else if (typeof name === 'string' && typeof kind === 'number') {
    const operation = new Operation(name, kind, LatencyModel.fromState(latency as LatencyModelState));
    operation.allSpans = count(allSpans);
    operation.allErrors = count(allErrors);
    operations.push(operation);
  }
}

function count(value: unknown): number {
  return typeof value === 'number' && value >= 0 && value <= 1e15 ? value : 0;
}

function parse(line: string): Readonly<Record<string, unknown>> {
  const parsed: unknown = line === '' ? {} : JSON.parse(line);
  return typeof parsed === 'object' && parsed !== null ? (parsed as Readonly<Record<string, unknown>>) : {};
}
