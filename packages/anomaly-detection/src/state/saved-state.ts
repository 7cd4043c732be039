import { LatencyModel, type LatencyModelState } from '@sonde/statistics';
import type { Series } from '../series/series.ts';
import { Operation } from '../spans/operation.ts';
import { messageOf, readHead, readPrivateFile, writePrivateFile, writePrivateFileSync } from './private-file.ts';

/** Beyond it, what is saved last is left out: what was seen longest ago. */
const MOST_BYTES = 32 * 2 ** 20;
const MOST_READ_BYTES = 2 * MOST_BYTES;
const MOST_LINES = 200_000;
const HEADER = 'sonde anomaly state';
const VERSION = 1;
/** How each of our files begins, whatever its version. */
const BEGINNING = JSON.stringify({ what: HEADER }).slice(0, -1);
const BEGINNING_BYTES = 64;

/** What was learned of a series that nobody has seen since is saved again for so long. */
const UNSEEN_MS = 86_400_000;

/** What was learned of a series. */
export interface SavedSeries {
  readonly signals: Readonly<Record<string, unknown>>;
  /** By a process that had seen it, in epoch milliseconds. */
  readonly savedMs: number;
}

/** What a former process had learned. */
export interface SavedState {
  readonly savedMs: number;
  /** Lines that could not be used. */
  damaged: number;
  readonly series: Map<string, SavedSeries>;
  readonly operations: Operation[];
}

function* lines({ series, operations, unseen, nowMs }: StateSources): Generator<string> {
  // As they are now: while the lines are written some come and go.
  const bySeen = [...series].sort((a, b) => b.seenAt - a.seenAt);
  const all = [...operations];
  const notSeen = [...unseen];
  yield `${JSON.stringify({ what: HEADER, version: VERSION, savedMs: nowMs })}\n`;
  let bytes = 0;
  for (const { name, kind, latency, allSpans, allErrors } of all) {
    const line = `${JSON.stringify({ operation: name, kind, latency: latency.toState(), allSpans, allErrors })}\n`;
    bytes += line.length;
    if (bytes > MOST_BYTES) return;
    yield line;
  }
  for (const one of bySeen) {
    const line = `${JSON.stringify({ series: one.identity.text, signals: one.toState() })}\n`;
    bytes += line.length;
    if (bytes > MOST_BYTES) return;
    yield line;
  }
  for (const [text, { signals, savedMs }] of notSeen) {
    if (nowMs - savedMs > UNSEEN_MS) continue;
    const line = `${JSON.stringify({ series: text, signals, savedMs })}\n`;
    bytes += line.length;
    if (bytes > MOST_BYTES) return;
    yield line;
  }
}

export interface StateSources {
  readonly series: Iterable<Series>;
  readonly operations: Iterable<Operation>;
  /** Series of a former process that were not seen yet: a process that ends early must not forget them. */
  readonly unseen: Iterable<readonly [string, SavedSeries]>;
  readonly nowMs: number;
}

/** Saves what was learned, a line each, the series seen last first. @throws what the file system says */
export async function writeState(path: string, sources: () => StateSources): Promise<void> {
  await writePrivateFile(path, () => lines(sources()));
}

/** The same at once. @throws what the file system says */
export function writeStateSync(path: string, sources: StateSources): void {
  writePrivateFileSync(path, lines(sources));
}

/**
 * Why what stands at a path must not make way for a saved state: whatever we have not written, and what a newer version
 * has. Undefined where nothing stands, or an empty file, or a state of this version, damaged or not.
 */
export function obstacleAt(path: string): string | undefined {
  let head: string;
  try {
    head = readHead(path, BEGINNING_BYTES);
  } catch (error) {
    return `cannot be read (${messageOf(error)})`;
  }
  if (head === '') return undefined;
  if (!head.startsWith(BEGINNING)) return 'is no saved state of Sonde';
  const [, version = ''] = /^,"version":(\d+)/.exec(head.slice(BEGINNING.length)) ?? [];
  if (Number(version) <= VERSION) return undefined;
  return `was saved by a newer version of Sonde (its format is ${version}, known is ${VERSION})`;
}

/**
 * Reads what was saved; undefined where nothing stands, or an empty file. A line that cannot be used is left out: the rest
 * is worth as much without it. @throws Error for a file that is no such state, or that should not be read
 */
export function readState(path: string): SavedState | undefined {
  const obstacle = obstacleAt(path);
  if (obstacle !== undefined) throw new Error(`${path} ${obstacle}`);
  if (readHead(path, 1) === '') return undefined;
  const [first = '', ...rest] = readPrivateFile(path, MOST_READ_BYTES).split('\n', MOST_LINES);
  const savedMs = savedAt(first);
  if (savedMs === undefined) throw new Error(`${path} is a damaged state`);
  const state: SavedState = { savedMs, damaged: 0, series: new Map(), operations: [] };
  for (const line of rest) {
    try {
      take(parse(line), state);
    } catch {
      state.damaged++;
    }
  }
  return state;
}

/** When a state was saved, by its first line; undefined where that is damaged. */
function savedAt(header: string): number | undefined {
  try {
    const { version, savedMs } = parse(header);
    return version === VERSION && typeof savedMs === 'number' ? savedMs : undefined;
  } catch {
    return undefined;
  }
}

function take(fields: Readonly<Record<string, unknown>>, { series, operations, savedMs }: SavedState): void {
  const { series: text, signals, savedMs: unseenMs, operation: name, kind, latency, allSpans, allErrors } = fields;
  if (typeof text === 'string' && typeof signals === 'object' && signals !== null) {
    const seenMs = typeof unseenMs === 'number' ? Math.min(unseenMs, savedMs) : savedMs;
    series.set(text, { signals: signals as Readonly<Record<string, unknown>>, savedMs: seenMs });
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
