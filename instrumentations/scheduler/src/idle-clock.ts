import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { guard, guarded } from '@sonde/instrumentation-kit';
import type { CpuMark } from './watch-memory.ts';

const SCOPE = 'scheduler.idle-clock';
const CHANNEL = 'child_process';
/** How old a reading of the CPU time may be, as long as the loop turns. */
const MARK_MS = 50;
/** What is lost is read as the difference of four clocks. */
const MIN_LOST_MS = 1;

export interface IdleClockConfig {
  /** Milliseconds of this thread's monotonic clock. */
  readonly now: () => number;
  /** Milliseconds that the loop says it has waited for events so far. */
  readonly toldIdleMs: () => number;
  /** CPU time of this thread so far; undefined where it is not known: then nothing is corrected. */
  readonly cpu: () => CpuMark | undefined;
}

interface Mark {
  readonly atMs: number;
  readonly idleMs: number;
  /** On a CPU, or ready for one. */
  readonly workMs: number;
}

/** What a child process has inside: its `onexit` is called in the turn that the signal of its end has woken. */
interface ChildHandle {
  onexit?: (...args: unknown[]) => unknown;
}

/**
 * How long the loop has waited for events. libuv forgets a wait that a signal interrupts, so that the end of each child
 * process makes the time before it look like work (uv__io_poll sets the time of entry anew after EINTR; seen with libuv
 * 1.51 at every exit of a child). What is lost is found by the time in which the thread neither waited, as far as it was
 * told, nor was on a CPU or ready for one. If it slept in the same turn for another reason, e.g. in `Atomics.wait`, that is
 * taken for waiting, too. Nothing is read while there are no child processes.
 */
export class IdleClock {
  readonly #config: IdleClockConfig;
  #children = 0;
  #lostMs = 0;
  #mark: Mark | undefined;
  #turnStartMs = 0;
  #turnStartIdleMs = 0;

  constructor(config: IdleClockConfig) {
    this.#config = config;
  }

  /** Milliseconds so far. */
  ms(): number {
    return this.#config.toldIdleMs() + this.#lostMs;
  }

  /** A turn of the loop has ended. One property read without child processes. */
  turnEnded(nowMs: number): void {
    if (this.#children === 0) return;
    this.#turnStartMs = nowMs;
    this.#turnStartIdleMs = this.#config.toldIdleMs();
    if (this.#mark === undefined || nowMs - this.#mark.atMs >= MARK_MS) this.#mark = this.#read();
  }

  /** A child process begins. */
  spawned(handle: ChildHandle): void {
    const { onexit } = handle;
    if (typeof onexit !== 'function') return;
    const exited = (): void => this.#exited();
    this.#children += 1;
    if (this.#children === 1) {
      this.#mark = this.#read();
      this.#turnStartMs = this.#config.now();
      this.#turnStartIdleMs = this.#config.toldIdleMs();
    }
    handle.onexit = function (this: unknown, ...args: unknown[]): unknown {
      guard(SCOPE, exited, undefined);
      return Reflect.apply(onexit, this, args);
    };
  }

  #exited(): void {
    this.#children -= 1;
    const before = this.#mark;
    const mark = this.#read();
    this.#mark = mark;
    if (before === undefined || mark === undefined) return;
    const asleepMs = mark.atMs - before.atMs - (mark.idleMs - before.idleMs) - (mark.workMs - before.workMs);
    const ofTurnMs = mark.atMs - this.#turnStartMs - (mark.idleMs - this.#turnStartIdleMs);
    const lostMs = Math.min(asleepMs, ofTurnMs);
    if (lostMs < MIN_LOST_MS) return;
    this.#lostMs += lostMs;
    // A second child that ends in this turn finds what is left of it.
    this.#turnStartIdleMs -= lostMs;
  }

  #read(): Mark | undefined {
    const cpu = this.#config.cpu();
    if (cpu === undefined) return undefined;
    const workMs = (cpu.runNanos + cpu.waitNanos) / 1e6;
    return { atMs: cpu.atMs, idleMs: this.#config.toldIdleMs(), workMs };
  }
}

/** Tells the clock of child processes. Returns the undo. */
export function followChildren(clock: IdleClock): () => void {
  const onChild = guarded(SCOPE, (message: unknown) => {
    const handle = (message as { process?: { _handle?: ChildHandle } }).process?._handle;
    if (handle !== undefined && handle !== null) clock.spawned(handle);
  });
  subscribe(CHANNEL, onChild);
  return () => unsubscribe(CHANNEL, onChild);
}
