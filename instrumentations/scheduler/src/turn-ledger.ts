import type { Span } from '@opentelemetry/api';
import { reportFailure } from '@sonde/instrumentation-kit';
import type { LongTurn, TraceRoot } from './types.ts';
import { TURN } from './watch-memory.ts';

/** Traces noted in one turn at most. */
const MAX_ROOTS = 16;

export interface TurnLedgerConfig {
  /** Milliseconds of this thread's monotonic clock. */
  readonly now: () => number;
  /** Milliseconds that the loop has waited for events so far. */
  readonly idleMs: () => number;
  /** Runs a callback at the end of the turn that the loop is in, or of the next, without keeping the process alive. */
  readonly atTurnEnd: (callback: () => void) => void;
  /** Epoch milliseconds of the clock's zero. */
  readonly timeOriginMs: number;
  /** int32 cells shared with a watcher; the first gets the number of the turn. */
  readonly cells: Int32Array;
  readonly longTurnMs: number;
  readonly maxLongTurns: number;
  /** Called for each turn, with the time it ended and how long it worked. The hot path. */
  readonly onTurn: (nowMs: number, busyMs: number) => void;
  /** Called after it, with the number of the turn, the time it ended and how long the loop has waited so far. */
  readonly onTurnEnd?: (turn: number, nowMs: number, idleMs: number) => void;
  /** Called for each long turn, after `onTurn`. */
  readonly onLongTurn: (turn: LongTurn) => void;
  /** What is known of the trace that a span belongs to. */
  readonly describeRoot: (span: Span) => TraceRoot | undefined;
}

/**
 * The account of this thread's turns. A callback in each turn, between the events that the loop took up and the
 * immediates, takes the time since the last one, less what the loop waited for events: how long the turn kept everything
 * else waiting. The callback rides on turns that take place anyway: nothing wakes an idle loop. Some 200 ns a turn.
 *
 * So a turn consists of immediates and timers, then waiting, then events (libuv's uv_run since 1.45). How much of the
 * work came before the waiting is not known: `uncertaintyMs`.
 */
export class TurnLedger {
  readonly #config: TurnLedgerConfig;
  readonly #longTurns: LongTurn[] = [];
  readonly #roots: Span[] = [];
  /** Where the next long turn goes once the list is full. */
  #next = 0;
  #turn = 1;
  #lastMs = 0;
  #lastIdleMs = 0;
  #isRunning = false;

  constructor(config: TurnLedgerConfig) {
    this.#config = config;
  }

  start(): void {
    if (this.#isRunning) return;
    const { cells, now, idleMs, atTurnEnd } = this.#config;
    this.#isRunning = true;
    cells[TURN] = this.#turn;
    this.#lastMs = now();
    this.#lastIdleMs = idleMs();
    atTurnEnd(this.#endTurn);
  }

  stop(): void {
    this.#isRunning = false;
  }

  /** Milliseconds that the turn the loop is in has worked so far. */
  busyMs(nowMs: number): number {
    return Math.max(0, nowMs - this.#lastMs - (this.#config.idleMs() - this.#lastIdleMs));
  }

  /** Notes that the trace of this span is active in this turn. Some 10 ns. */
  note(root: Span): void {
    const roots = this.#roots;
    if (roots.length < MAX_ROOTS && !roots.includes(root)) roots.push(root);
  }

  /** The long turns that overlap a time window (epoch milliseconds), oldest first; by default all that are kept. */
  longTurns(since: number = Number.NEGATIVE_INFINITY, until: number = Number.POSITIVE_INFINITY): LongTurn[] {
    const inOrder = [...this.#longTurns.slice(this.#next), ...this.#longTurns.slice(0, this.#next)];
    return inOrder.filter(
      ({ startTime, durationMs, uncertaintyMs }) =>
        startTime - uncertaintyMs < until && startTime + durationMs >= since,
    );
  }

  readonly #endTurn = (): void => {
    if (!this.#isRunning) return;
    const { now, idleMs, cells, onTurn, longTurnMs, atTurnEnd } = this.#config;
    const nowMs = now();
    const idle = idleMs();
    const busyMs = Math.max(0, nowMs - this.#lastMs - (idle - this.#lastIdleMs));
    const waitedMs = Math.max(0, idle - this.#lastIdleMs);
    this.#lastMs = nowMs;
    this.#lastIdleMs = idle;
    // First of all: should anything below fail, the turns must go on.
    atTurnEnd(this.#endTurn);
    cells[TURN] = this.#turn + 1;
    try {
      onTurn(nowMs, busyMs);
      this.#config.onTurnEnd?.(this.#turn, nowMs, idle);
      if (busyMs >= longTurnMs) this.#keep(nowMs, busyMs, waitedMs);
    } catch (error) {
      // Out of this callback it would end the application.
      reportFailure('scheduler.turn', error);
    }
    if (this.#roots.length > 0) this.#roots.length = 0;
    this.#turn += 1;
  };

  #keep(nowMs: number, busyMs: number, waitedMs: number): void {
    const { timeOriginMs, maxLongTurns, describeRoot, onLongTurn } = this.#config;
    const turn: LongTurn = {
      turn: this.#turn,
      startTime: timeOriginMs + nowMs - busyMs,
      durationMs: busyMs,
      uncertaintyMs: waitedMs,
      roots: this.#roots.map(describeRoot).filter((root) => root !== undefined),
    };
    if (this.#longTurns.length < maxLongTurns) this.#longTurns.push(turn);
    else {
      this.#longTurns[this.#next] = turn;
      this.#next = (this.#next + 1) % maxLongTurns;
    }
    onLongTurn(turn);
  }
}
