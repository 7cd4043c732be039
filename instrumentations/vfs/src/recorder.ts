import {
  type AnyFunction,
  isSuppressed,
  type LibuvPool,
  type Observation,
  type Patch,
  reportFailure,
  type SlowOperations,
} from '@sonde/instrumentation-kit';
import { errorCode } from './error-code.ts';
import type { MountTable } from './mount-table.ts';
import type { Nesting } from './nesting.ts';
import type { Reports } from './reports.ts';
import type { Operation, Row, Series } from './series.ts';
import { descriptorOf } from './targets.ts';
import { LONG_MS, noteCall, noteSync } from './waits.ts';

/** What the recorder needs from its surroundings. */
export interface RecorderParts {
  readonly observation: Observation;
  readonly nesting: Nesting;
  readonly mounts: MountTable;
  readonly series: Series;
  readonly slow: SlowOperations;
  readonly reports: Reports;
  readonly pool: Pick<LibuvPool, 'enter' | 'leave' | 'takenUpMs'>;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** `syncSampling`. */
  readonly sampling: number;
  /** 0 <= x < 1. */
  readonly random: () => number;
}

/** An operation under way. */
export interface Call {
  readonly operation: Operation;
  /** Undefined when its file is not counted; followed all the same for the descriptor it yields. */
  readonly row: Row | undefined;
  readonly mount: number;
  readonly target: unknown;
  /** The two arguments that follow the file. */
  readonly data: unknown;
  readonly options: unknown;
  /** NaN when it is not timed. */
  startMs: number;
  /** Of the libuv pool. */
  ticket: number;
  isSettled: boolean;
}

/** Takes note of operations. Nothing in it throws. */
export interface Recorder {
  readonly observation: Observation;
  readonly nesting: Nesting;
  readonly now: () => number;
  /** Whether the code that runs now is an exporter's, or a later turn of an operation that is counted already. */
  readonly isHidden: () => boolean;
  /**
   * A synchronous operation on a path, which moves no bytes, is about to start. If it need not be timed this time, it
   * is counted here, as long as the last one, and true is returned.
   */
  readonly countUntimed: (operation: Operation, path: unknown) => boolean;
  /** It was timed, and has returned. */
  returned(operation: Operation, path: unknown, startMs: number, endMs: number): void;
  /** It threw; `startMs` is NaN if it was not timed. */
  threw(operation: Operation, path: unknown, startMs: number, error: unknown): void;
  /**
   * Any other operation is about to start. Undefined when it is not to be followed: switched off, a part of another
   * operation, hidden, or on an ignored file.
   */
  begin(operation: Operation, patch: Patch, self: unknown, args: readonly unknown[]): Call | undefined;
  /** It succeeded. Later calls for the same operation change nothing. */
  succeeded(call: Call, result: unknown): void;
  /** It failed. */
  failed(call: Call, error: unknown): void;
  /** It is not over, but nobody waits for it at present: takes it out of what is in flight and counts nothing. */
  withdraw(call: Call): void;
}

const SCOPE = 'instrumentation-vfs';
/** What took longer is timed each time: reading the clock is next to nothing then. */
const QUICK_MS = 0.05;

/** Counts an operation in and out of what is in flight. */
function countInFlight(call: Call, by: 1 | -1, nowMs: number, parts: RecorderParts): void {
  const { operation, row } = call;
  if (operation.api === 'sync') return;
  row?.active?.add(by);
  if (operation.compound === true) parts.nesting.inFlight += by;
  if (operation.isOffPool === true) return;
  if (by === 1) call.ticket = parts.pool.enter(nowMs, operation.trips);
  else parts.pool.leave(nowMs, call.ticket);
}

function start(operation: Operation, self: unknown, args: readonly unknown[], parts: RecorderParts): Call | undefined {
  const { mounts, series, now } = parts;
  const { target: position = 0 } = operation;
  const isMethod = position === 'this';
  const target = isMethod ? self : args[position];
  const startMs = now();
  const mount = mounts.mountOf(target, startMs);
  const row = series.row(operation, mount);
  // Before it happens: the number may be in use again before close reports back.
  if (operation.descriptor === 'close') mounts.descriptors.clear(descriptorOf(target));
  if (row === undefined && operation.descriptor !== 'open') return undefined;
  const data = isMethod ? args[0] : args[1];
  const options = isMethod ? args[1] : args[2];
  const call: Call = { operation, row, mount, target, data, options, startMs, ticket: -1, isSettled: false };
  countInFlight(call, 1, startMs, parts);
  // Reading the mounts anew must not pass for a part of the operation.
  if (mounts.refreshedAtMs === startMs) call.startMs = now();
  return call;
}

function noteSuccess(call: Call, result: unknown, endMs: number, parts: RecorderParts): void {
  const { operation, row, target, startMs, data, options } = call;
  if (operation.descriptor === 'open') parts.mounts.descriptors.set(descriptorOf(result), call.mount);
  if (row === undefined) return;
  const durationMs = endMs - startMs;
  row.duration.record(durationMs * 1e-3);
  const bytes = operation.bytes === undefined ? Number.NaN : operation.bytes(result, data, options);
  if (bytes > 0) row.io?.add(bytes);
  if (durationMs >= LONG_MS) noteCall(call, endMs, parts.pool);
  if (parts.slow.isSlow(row.id, durationMs)) {
    parts.reports.slow({ row, target, startMs, endMs, bytes, code: undefined });
  }
}

function noteFailure(call: Call, error: unknown, endMs: number, parts: RecorderParts): void {
  const { row, target } = call;
  if (row === undefined) return;
  const code = errorCode(error);
  const isTimed = !Number.isNaN(call.startMs);
  const startMs = isTimed ? call.startMs : endMs - row.lastSeconds * 1000;
  row.errors(code).add(1);
  const finished = { row, target, startMs, endMs, bytes: Number.NaN, code };
  parts.reports.failed(finished);
  // One that was not timed is in the histogram already.
  if (!isTimed) return;
  row.duration.record((endMs - startMs) * 1e-3);
  if (endMs - startMs >= LONG_MS) noteCall(call, endMs, parts.pool);
  if (parts.slow.isSlow(row.id, endMs - startMs)) parts.reports.slow(finished);
}

function noteTimed(call: Pick<Call, 'operation' | 'target' | 'startMs'>, endMs: number, parts: RecorderParts): void {
  const { operation, target, startMs } = call;
  const mount = parts.mounts.mountOf(target, endMs);
  const row = parts.series.row(operation, mount);
  if (row === undefined) return;
  const durationMs = endMs - startMs;
  row.lastSeconds = durationMs * 1e-3;
  row.duration.record(row.lastSeconds);
  // A random number of the next calls goes untimed, so that no rhythm of the application falls in with ours.
  if (durationMs < QUICK_MS) operation.untimed[mount] = Math.floor(parts.random() * (2 * parts.sampling - 1));
  if (durationMs >= LONG_MS) noteSync(startMs, endMs);
  if (!parts.slow.isSlow(row.id, durationMs)) return;
  parts.reports.slow({ row, target, startMs, endMs, bytes: Number.NaN, code: undefined });
}

function createCountUntimed({ quickMountOf }: MountTable): Recorder['countUntimed'] {
  return ({ untimed, rows }, path) => {
    const mount = quickMountOf(path);
    const left = mount < 0 ? 0 : (untimed[mount] as number);
    if (left === 0) return false;
    untimed[mount] = left - 1;
    const row = rows[mount] as Row;
    row.duration.record(row.lastSeconds);
    return true;
  };
}

/** Creates the recorder of one instrumentation. */
export function createRecorder(parts: RecorderParts): Recorder {
  const { observation, nesting, mounts, now } = parts;
  const isHidden = (): boolean => (nesting.inFlight !== 0 && nesting.isInside()) || isSuppressed();

  const settle = (call: Call, value: unknown, note: typeof noteSuccess): void => {
    if (call.isSettled) return;
    call.isSettled = true;
    try {
      const endMs = now();
      countInFlight(call, -1, endMs, parts);
      note(call, value, endMs, parts);
    } catch (error) {
      reportFailure(SCOPE, error);
    }
  };

  const tryStart = (operation: Operation, self: unknown, args: readonly unknown[]): Call | undefined => {
    try {
      return start(operation, self, args, parts);
    } catch (error) {
      reportFailure(SCOPE, error);
      return undefined;
    }
  };

  return {
    observation,
    nesting,
    now,
    isHidden,
    countUntimed: createCountUntimed(mounts),
    returned(operation, target, startMs, endMs): void {
      try {
        noteTimed({ operation, target, startMs }, endMs, parts);
      } catch (error) {
        reportFailure(SCOPE, error);
      }
    },
    threw(operation, path, startMs, error): void {
      const call = tryStart(operation, undefined, [path]);
      if (call === undefined) return;
      call.startMs = startMs;
      settle(call, error, noteFailure);
    },
    begin(operation, patch, self, args): Call | undefined {
      if (!patch.active || observation.depth !== 0 || isHidden()) return undefined;
      return tryStart(operation, self, args);
    },
    succeeded: (call, result) => settle(call, result, noteSuccess),
    failed: (call, error) => settle(call, error, noteFailure),
    withdraw: (call) => settle(call, undefined, () => {}),
  };
}

/** Starts what `call` stands for; what it calls of the public API at once is a part of it. Throws what it throws. */
// biome-ignore lint/complexity/useMaxParams: a closure for what is called costs more than calling it
export function startObserved(
  call: Call,
  recorder: Recorder,
  original: AnyFunction,
  self: unknown,
  args: readonly unknown[],
): unknown {
  const { observation, nesting } = recorder;
  const isSpread = call.operation.compound === true && call.operation.api !== 'sync';
  observation.depth = 1;
  try {
    if (isSpread) return nesting.run(() => Reflect.apply(original, self, args));
    return Reflect.apply(original, self, args);
  } catch (error) {
    recorder.failed(call, error);
    throw error;
  } finally {
    observation.depth = 0;
  }
}
